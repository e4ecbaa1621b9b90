package capture

import "golang.org/x/sys/unix"

// permitted reports why packet sockets may not be opened, or nil. It asks for a socket that
// receives nothing, which also counts what capabilities alone do not tell (user namespaces, seccomp).
func permitted() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}
