//! What standard error is.

use crate::doctor::facts::Sink;
use rustix::fs::FileType;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// Where this process writes its log.
pub(super) fn sink(data: &Path) -> Sink {
    of(std::io::stderr().as_fd(), data)
}

fn of(log: BorrowedFd<'_>, data: &Path) -> Sink {
    let Ok(stat) = rustix::fs::fstat(log) else { return Sink::Closed };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            let free = rustix::fs::fstatvfs(log).map_or(u64::MAX, |fs| fs.f_bavail * fs.f_frsize);
            let data = rustix::fs::stat(data);
            Sink::File { free, beside_data: data.is_ok_and(|data| data.st_dev == stat.st_dev) }
        }
        FileType::Fifo => {
            let waiting = rustix::io::ioctl_fionread(log).unwrap_or(0);
            let holds = rustix::pipe::fcntl_getpipe_size(log).unwrap_or(0);
            Sink::Pipe { waiting, holds: holds as u64 }
        }
        FileType::Directory
        | FileType::Symlink
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Sink::Carefree,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_a_pipe_and_the_rest_are_told_apart() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = std::fs::File::create(dir.path().join("log")).expect("a file");
        let Sink::File { free, beside_data } = of(file.as_fd(), dir.path()) else {
            panic!("a file is a file");
        };
        assert!(free > 0 && beside_data);
        let Sink::File { beside_data, .. } = of(file.as_fd(), Path::new("/proc")) else {
            panic!("a file is a file");
        };
        assert!(!beside_data);

        let (_reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(&[b'x'; 1_000]).expect("there is room");
        assert_eq!(of(writer.as_fd(), dir.path()), Sink::Pipe { waiting: 1_000, holds: 65_536 });

        let null = std::fs::File::open("/dev/null").expect("it is there");
        assert_eq!(of(null.as_fd(), dir.path()), Sink::Carefree);
    }
}
