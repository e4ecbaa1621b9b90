package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"tcptrace/internal/shell"
)

// Scheme begins the name of an interface of another host.
const Scheme = "ssh://"

// Remote is an interface of another host, and what is captured of it.
type Remote struct {
	User, Host, Port string // Host is set
	Interface        string // "": any
	Filter           string // of tcpdump; "": all
	SnapLen          int
}

// ParseRemote reads ssh://[user@]host[:port]/interface.
func ParseRemote(name string) (*Remote, error) {
	u, err := url.Parse(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not ssh://HOST/INTERFACE", name)
	case u.Scheme+"://" != Scheme || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is not ssh://HOST/INTERFACE", name)
	case strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-"):
		return nil, fmt.Errorf("%q: a host or user does not begin with a hyphen", name)
	}
	if _, has := u.User.Password(); has {
		return nil, fmt.Errorf("a password is not for the command line: ssh asks for it, or knows a key")
	}
	r := &Remote{User: u.User.Username(), Host: u.Hostname(), Port: u.Port(), Interface: strings.Trim(u.Path, "/")}
	if r.Interface == "" {
		r.Interface = "any"
	}
	if strings.HasPrefix(r.Interface, "-") || strings.Contains(r.Interface, "/") {
		return nil, fmt.Errorf("%q: there is no interface %q", name, r.Interface)
	}
	return r, nil
}

// arguments are those of ssh. What it carries itself is not captured, or each packet would bring the next.
func (r *Remote) arguments() []string {
	filter := `not (tcp and host ${1:-0.0.0.0} and port ${2:-22})`
	own := `set -- $SSH_CONNECTION; exec tcpdump -U -n -i ` + shell.Words(r.Interface) + ` -s ` + strconv.Itoa(r.SnapLen) + ` -w - "` + filter + `"`
	if r.Filter != "" {
		own += shell.Words(" and (" + r.Filter + ")")
	}
	args := []string{"-T"} // no terminal there
	if r.Port != "" {
		args = append(args, "-p", r.Port)
	}
	host := r.Host
	if r.User != "" {
		host = r.User + "@" + host
	}
	return append(args, "--", host, "sh -c "+shell.Words(own))
}

// Process is a program that captures.
type Process struct {
	out  *bufio.Reader
	cmd  *exec.Cmd
	once sync.Once
	err  error // of the program, when it has ended
}

// Start runs the system's ssh, which may ask on the terminal for what it needs, with tcpdump on the other host. What they say goes to told. The end
// of ctx ends them.
func (r *Remote) Start(ctx context.Context, told io.Writer) (*Process, error) {
	cmd := exec.CommandContext(ctx, "ssh", r.arguments()...)
	cmd.Stderr, cmd.WaitDelay = told, time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("ssh: %w", err)
	}
	return &Process{out: bufio.NewReaderSize(out, 1<<16), cmd: cmd}, nil
}

// Await waits until the capture begins: the program has asked what it had to ask, and has been let in.
func (p *Process) Await() error {
	_, err := p.out.Peek(1)
	if err == io.EOF {
		if err = p.wait(); err == nil {
			err = errors.New("it ended without a capture")
		}
	}
	if err != nil {
		return fmt.Errorf("ssh: %w", err)
	}
	return nil
}

// Read reads the capture. At its end it fails if the program did.
func (p *Process) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	if err == io.EOF {
		if failed := p.wait(); failed != nil {
			err = fmt.Errorf("ssh: %w", failed)
		}
	}
	return n, err
}

func (p *Process) wait() error {
	p.once.Do(func() { p.err = p.cmd.Wait() })
	return p.err
}

// Close ends the program, if it has not ended.
func (p *Process) Close() error {
	_ = p.cmd.Cancel()
	_ = p.wait() // it was told to end
	return nil
}
