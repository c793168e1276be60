//! One run at a time in a folder.

use crate::error::{Error, Result};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// A lock that the system lets go of when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Tenths of a second to wait for a process that was killed and is still on its way out.
const PATIENCE: u32 = 10;

/// Name of the lock's file.
pub const NAME: &str = "lock";

impl Lock {
    /// Takes the lock of a folder that exists; an error if another process holds it.
    pub fn take(folder: &Path, target: &Path) -> Result<Self> {
        let path: PathBuf = folder.join(NAME);
        let busy = || {
            Error::input(format!(
                "another run is writing to {}; wait for its end, or name another folder with --out",
                target.display()
            ))
        };
        let cannot = |why: std::io::Error| Error::path("write to", target, &why);
        let mut file =
            OpenOptions::new().create(true).write(true).truncate(false).open(&path).map_err(cannot)?;
        let mut left = PATIENCE;
        while let Err(why) = file.try_lock() {
            match why {
                TryLockError::Error(why) => return Err(cannot(why)),
                TryLockError::WouldBlock if left == 0 => return Err(busy()),
                TryLockError::WouldBlock => std::thread::sleep(Duration::from_millis(100)),
            }
            left -= 1;
        }
        // Another run may have finished, and renamed the folder, between the opening and the locking:
        // then the file at the path is no longer the file that is locked.
        let token = std::process::id().to_string();
        file.set_len(0).and_then(|()| file.write_all(token.as_bytes())).map_err(cannot)?;
        if std::fs::read_to_string(&path).ok().as_deref() != Some(&token) {
            return Err(busy());
        }
        Ok(Lock { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}
