//! What a machine can do to a run: each ends in a clear error or a right result, never in a wrong number.
#![cfg(unix)]

use super::{BINARY, Folder, Said, identical, names, say};
use crate::{simulation::at, tools};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const REPLICATES: [&str; 2] = ["--replicates", "3700"];

fn program() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("shocktrial")
}

fn arguments<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let replicates = if more.contains(&"--replicates") { &[] } else { &REPLICATES[..] };
    [&["run", BINARY, "--quiet", "--out", out], replicates, more].concat()
}

fn run(folder: &Folder, name: &str, more: &[&str]) -> Said {
    say(&arguments(&folder.path(name), more))
}

fn well(said: &Said) {
    assert_eq!(said.code, 0, "{}", said.error);
}

fn start(folder: &Folder, name: &str, more: &[&str]) -> Child {
    Command::new(program())
        .args(arguments(&folder.path(name), more))
        .current_dir(at(""))
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs a shell script in which `$@` is the run.
fn in_shell(script: &str, out: &str, more: &[&str]) -> Said {
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(program())
        .args(arguments(out, more))
        .current_dir(at(""))
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Killed at moments spread over the run, resumed, killed again: the folder of a run left alone.
#[test]
fn killed_at_any_moment_and_resumed() {
    let folder = Folder::new("killed");
    well(&run(&folder, "alone", &[]));
    for round in 0..5 {
        for (kill, more) in [&[][..], &["--resume"]].into_iter().enumerate() {
            let mut child = start(&folder, "out", more);
            std::thread::sleep(Duration::from_millis(60 * round + 25 * kill as u64));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        well(&run(&folder, "out", &["--resume"]));
        identical(&folder.0.join("out"), &folder.0.join("alone"));
        assert_eq!(names(&folder.0), ["alone", "out"]);
        std::fs::remove_dir_all(folder.0.join("out")).unwrap();
    }
}

/// No file may grow beyond a size: the run ends with 4 wherever that hits, and goes on when there is room.
#[test]
fn a_disk_that_fails_while_running() {
    let folder = Folder::new("limit");
    well(&run(&folder, "alone", &[]));
    for blocks in [1, 8, 40, 100, 160] {
        let out = folder.path("out");
        let said = in_shell(&format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), &out, &[]);
        if said.code != 0 {
            assert_eq!(said.code, 4, "{blocks} blocks: {}", said.error);
            assert!(said.error.starts_with("error: cannot write "), "{blocks} blocks: {}", said.error);
            assert!(!said.error.contains("panicked"), "{}", said.error);
            assert!(!folder.0.join("out").exists(), "what is there is complete");
        }
        assert!(said.code != 0 || blocks > 40, "{blocks} blocks are too few");
        well(&run(&folder, "out", &["--resume"]));
        identical(&folder.0.join("out"), &folder.0.join("alone"));
        std::fs::remove_dir_all(folder.0.join("out")).unwrap();
    }
}

/// A file system of a few hundred kilobytes, where the kernel lets us make one.
#[test]
fn a_full_disk() {
    let may = || Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|s| s.success());
    if !tools::has("a full disk") || !may() {
        return;
    }
    let folder = Folder::new("full");
    std::fs::create_dir(folder.0.join("small")).unwrap();
    let script = format!(
        "program=$1; shift; exec unshare -rm sh -c 'mount -t tmpfs -o size=100k none {0} && \"$@\"; \
         code=$?; [ ! -e {0}/out ] && exit $code' sh \"$program\" \"$@\"",
        folder.path("small")
    );
    let said = in_shell(&script, &folder.path("small/out"), &[]);
    assert_eq!(said.code, 4, "{}", said.error);
    assert!(said.error.contains("No space left on device"), "{}", said.error);
    assert!(said.out.is_empty());
}

/// A folder that may be read and not written: 2, as for every path the user named wrongly.
#[test]
fn a_read_only_folder() {
    use std::os::unix::fs::PermissionsExt;
    if !tools::has("a read-only folder") {
        return;
    }
    let folder = Folder::new("read-only");
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere; nobody may not.
    let script =
        "[ \"$(id -u)\" = 0 ] && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"; exec \"$@\"";
    let said = in_shell(script, &folder.path("out"), &[]);
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(said.code, 2, "{}", said.error);
    assert!(said.error.contains("out: permission denied"), "{}", said.error);
    assert!(names(&folder.0).is_empty());
}

/// The second run into a folder is turned away; the first comes to its end as if alone.
#[test]
fn two_runs_into_one_folder() {
    let folder = Folder::new("two");
    let mut first = start(&folder, "out", &["--replicates", "60000"]);
    while !folder.0.join("out.partial/part-1000.parquet").is_file() {
        assert!(first.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(5));
    }
    for more in [&[][..], &["--resume"]] {
        let second = run(&folder, "out", more);
        assert_eq!(second.code, 2, "{}", second.error);
        assert!(second.error.contains("another run is writing to"), "{}", second.error);
    }
    first.kill().unwrap();
    first.wait().unwrap();
    well(&run(&folder, "out", &["--resume"]));
    well(&run(&folder, "alone", &[]));
    identical(&folder.0.join("out"), &folder.0.join("alone"));
}

/// Closed parts that are torn, altered, lost or of another run's are never read as rows.
#[test]
fn parts_that_are_not_as_written() {
    let folder = Folder::new("parts");
    well(&run(&folder, "alone", &[]));
    let partial = folder.0.join("out.partial");
    let stop = || {
        let mut child = start(&folder, "out", &["--replicates", "60000"]);
        while !partial.join("part-3000.parquet").is_file() {
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let change = |name: &str, how: fn(Vec<u8>) -> Vec<u8>| {
        let path = partial.join(name);
        std::fs::write(&path, how(std::fs::read(&path).unwrap())).unwrap();
    };
    let cases: [&dyn Fn(); 7] = [
        &|| change("part-1000.parquet", |b| b[..b.len() / 2].to_vec()),
        &|| change("part-0.parquet", |_| Vec::new()),
        &|| {
            change("counts-1000.parquet", |mut b| {
                let n = b.len() / 2;
                b[n] ^= 4;
                b
            })
        },
        &|| std::fs::remove_file(partial.join("part-1000.parquet")).unwrap(),
        &|| std::fs::remove_file(partial.join("journal")).unwrap(),
        &|| change("journal", |b| b[..b.len() - 30].to_vec()),
        &|| {
            std::fs::copy(partial.join("part-0.parquet"), partial.join("part-1000.parquet")).unwrap();
        },
    ];
    for damage in cases {
        stop();
        damage();
        well(&run(&folder, "out", &["--resume"]));
        identical(&folder.0.join("out"), &folder.0.join("alone"));
        std::fs::remove_dir_all(folder.0.join("out")).unwrap();
    }
    stop();
    change("identity.json", |b| {
        String::from_utf8(b).unwrap().replace("\"seed\":1", "\"seed\":2").into_bytes()
    });
    let other = run(&folder, "out", &["--resume"]);
    assert_eq!(other.code, 3);
    assert!(other.error.contains("holds parts of another run: the seed is 2, not 1"), "{}", other.error);
    assert!(other.error.contains("leave out --resume to start anew"));
}

/// A crash between the two renames of a finish: the earlier result comes back, or the new one is there.
#[test]
fn a_crash_between_the_renames() {
    let folder = Folder::new("renames");
    well(&run(&folder, "out", &[]));
    let out = folder.0.join("out");
    std::fs::rename(&out, folder.0.join("out.replaced")).unwrap();
    let broken = say(&arguments(&folder.path("out"), &["--range", "0..100", "--threads", "many"]));
    assert_eq!(broken.code, 2);
    well(&run(&folder, "alone", &[]));
    std::fs::rename(folder.0.join("alone"), folder.0.join("out.partial")).unwrap();
    well(&run(&folder, "out", &["--resume"]));
    assert_eq!(names(&folder.0), ["out"]);
    well(&run(&folder, "alone", &[]));
    identical(&out, &folder.0.join("alone"));
}

/// A wall clock that runs backwards: nothing but the run's own idea of its length could change.
#[test]
fn a_clock_that_goes_backwards() {
    if !tools::has("a clock that goes backwards") || !cfg!(target_os = "linux") {
        return;
    }
    let folder = Folder::new("clock");
    let source = folder.write(
        "backwards.c",
        "#define _GNU_SOURCE\n#include <time.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n\
         static long back;\n\
         int clock_gettime(clockid_t which, struct timespec *now) {\n\
         int code = syscall(SYS_clock_gettime, which, now);\n\
         if (which == CLOCK_REALTIME) now->tv_sec -= 3600 * __sync_fetch_and_add(&back, 1);\n\
         return code;\n}\n",
    );
    let shim = folder.path("backwards.so");
    assert!(Command::new("cc").args(["-shared", "-fPIC", "-o", &shim, &source]).status().unwrap().success());
    let script = format!("LD_PRELOAD={shim} exec \"$@\"");
    let said = in_shell(&script, &folder.path("out"), &[]);
    well(&said);
    // Files of a resumed run that are older than the run, and of the day after tomorrow.
    let mut child = start(&folder, "stopped", &[]);
    while child.try_wait().unwrap().is_none() && !folder.0.join("stopped.partial/part-1000.parquet").is_file()
    {
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    child.wait().unwrap();
    let days = Duration::from_secs(2 * 86_400);
    for (i, entry) in std::fs::read_dir(&folder.0).unwrap().enumerate() {
        let path = entry.unwrap().path();
        let when = std::time::SystemTime::now();
        let when = if i % 2 == 0 { when + days } else { std::time::UNIX_EPOCH + days };
        std::fs::File::open(path).unwrap().set_modified(when).unwrap();
    }
    well(&in_shell(&script, &folder.path("stopped"), &["--resume"]));
    well(&run(&folder, "alone", &[]));
    identical(&folder.0.join("out"), &folder.0.join("alone"));
    identical(&folder.0.join("stopped"), &folder.0.join("alone"));
}
