//! Paths that are short enough for a socket, wherever the folder lies.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Linux gives the path of a socket 108 bytes, the last one of them zero; others give a little less.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// Does something with a socket in the folder, by a path that is short enough for one.
pub fn with_short_path<T>(folder: &Path, name: &str, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = folder.join(name);
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return with(&path);
    }
    let open = File::open(folder)?;
    with(&Path::new("/proc/self/fd").join(open.as_raw_fd().to_string()).join(name))
}
