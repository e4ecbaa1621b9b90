package capture

import (
	"errors"

	"golang.org/x/sys/unix"
)

// A watch tells whether an interface is up. libpcap does not: it goes on, silently, in case the
// interface comes back. It also knows what interfaces are called. The socket stays in the network namespace that the capture was opened in.
type watch struct {
	name string
	fd   int
}

func newWatch(name string) (*watch, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &watch{name: name, fd: fd}, nil
}

// down is why no frames can come, or nil.
func (w *watch) down() error {
	if w.name == AnyInterface {
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

// interfaceName is the name of the interface that has a number now.
func (w *watch) interfaceName(number uint32) (string, error) {
	request, err := unix.NewIfreq("")
	if err != nil {
		return "", err
	}
	request.SetUint32(number)
	err = unix.IoctlIfreq(w.fd, unix.SIOCGIFNAME, request)
	return request.Name(), err
}

func (w *watch) close() { unix.Close(w.fd) }
