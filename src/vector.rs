//! Inner loops compiled for several instruction sets, the best of which is chosen when the program runs.
//!
//! The loops are plain Rust over slices; only how many elements go side by side differs. Nothing is
//! contracted or reordered, so every instruction set gives the same bits.

use std::sync::atomic::{AtomicU8, Ordering};

/// The instruction sets told apart, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Instructions {
    /// What every machine of the architecture has.
    Portable = 1,
    Avx2 = 2,
    /// With the extensions for 64-bit whole numbers.
    Avx512 = 3,
}

static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// The best set this machine has, or the one that `SHOCKTRIAL_INSTRUCTIONS` names if it is less.
#[inline]
pub fn instructions() -> Instructions {
    match CHOSEN.load(Ordering::Relaxed) {
        1 => Instructions::Portable,
        2 => Instructions::Avx2,
        3 => Instructions::Avx512,
        _ => choose(),
    }
}

#[cold]
fn choose() -> Instructions {
    let most = match std::env::var("SHOCKTRIAL_INSTRUCTIONS").as_deref() {
        Ok("portable") => Instructions::Portable,
        Ok("avx2") => Instructions::Avx2,
        _ => Instructions::Avx512,
    };
    let chosen = best().min(most);
    CHOSEN.store(chosen as u8, Ordering::Relaxed);
    chosen
}

#[cfg(target_arch = "x86_64")]
fn best() -> Instructions {
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    if avx512 {
        Instructions::Avx512
    } else if is_x86_feature_detected!("avx2") {
        Instructions::Avx2
    } else {
        Instructions::Portable
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Instructions {
    Instructions::Portable
}

/// Defines a function whose body is compiled once for each of [`Instructions`].
macro_rules! vectorised {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        $visibility fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $kind),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $kind),*) $(-> $result)? {
                    body($($argument),*)
                }
                #[target_feature(enable = "avx2,avx512f,avx512dq,avx512vl")]
                fn avx512($($argument: $kind),*) $(-> $result)? {
                    body($($argument),*)
                }
                match $crate::vector::instructions() {
                    // SAFETY: the machine has been found to have these instructions.
                    $crate::vector::Instructions::Avx512 => return unsafe { avx512($($argument),*) },
                    // SAFETY: as above.
                    $crate::vector::Instructions::Avx2 => return unsafe { avx2($($argument),*) },
                    $crate::vector::Instructions::Portable => {}
                }
            }
            body($($argument),*)
        }
    };
}
pub(crate) use vectorised;
