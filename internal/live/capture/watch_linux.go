package capture

import (
	"errors"

	"golang.org/x/sys/unix"
)

// A watch tells whether an interface is up. libpcap does not: it goes on, silently, in case the
// interface comes back. The socket stays in the network namespace that the capture was opened in.
type watch struct {
	name string
	fd   int
}

func newWatch(name string) (*watch, error) {
	if name == AnyInterface {
		return &watch{fd: -1}, nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &watch{name: name, fd: fd}, nil
}

// down is why no frames can come, or nil.
func (w *watch) down() error {
	if w.fd < 0 {
		return nil
	}
	request, err := unix.NewIfreq(w.name)
	if err != nil {
		return err
	}
	switch err := unix.IoctlIfreq(w.fd, unix.SIOCGIFFLAGS, request); {
	case errors.Is(err, unix.ENODEV):
		return errDisappeared
	case err != nil:
		return err
	case request.Uint16()&unix.IFF_UP == 0:
		return errDown
	}
	return nil
}

func (w *watch) close() {
	if w.fd >= 0 {
		unix.Close(w.fd)
	}
}
