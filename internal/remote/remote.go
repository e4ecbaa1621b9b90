// Package remote reads captures from where they are: https, http, and the stores of clouds in builds that have them.
//
// A body is read as a stream, in bounded memory. Where it breaks off it goes on from there with a range request, of the same version of the
// object or not at all. What is secret in a URL, which is a user with a password and all behind the ?, is in no message: see [Take].
//
// Not its job: what is in the body.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Info is what a server says of an object.
type Info struct {
	Size    int64  // bytes; -1: not said
	Version string // that changes with the object, such as an ETag; "": not known
}

// Store opens objects of a scheme. An error that waiting may mend is a *Retry.
type Store interface {
	// Open begins to read the object of a URL at an offset. version, if it is not "", is the one that it must have.
	Open(ctx context.Context, u *url.URL, offset int64, version string) (io.ReadCloser, Info, error)
}

// Lister is a Store that knows which objects there are.
type Lister interface {
	// List returns the keys with a prefix of what is in the bucket of u.
	List(ctx context.Context, u *url.URL, prefix string) ([]string, error)
}

// Retry is an error after which to try again may help.
type Retry struct{ Err error }

func (e *Retry) Error() string { return e.Err.Error() }
func (e *Retry) Unwrap() error { return e.Err }

// beyondError is that an object is asked for from an offset on that it does not reach. size is how long the server says that it is, -1: it does not.
type beyondError struct {
	size    int64
	version string
}

func (e *beyondError) Error() string { return "the server has nothing at this offset" }

// ErrChanged is that an object is not what it was when it was read before.
var ErrChanged = errors.New("it has changed since reading began: read it again, or save it to a file first")

// stores are those of this build, by scheme.
var stores = map[string]Store{"http": web, "https": web}

// Register adds the store of a scheme. It is for the start of the program.
func Register(scheme string, s Store) { stores[scheme] = s }

// clouds are the schemes that not every build has.
var clouds = []string{"s3", "gs", "azblob"}

// known remembers what URLs are called in messages, and which version of them was read.
var known = struct {
	sync.Mutex
	urls     map[string]string // by name
	versions map[string]Info
}{urls: map[string]string{}, versions: map[string]Info{}}

// schemeOf is the scheme of a URL with an authority, in lower case (RFC 3986 3.1).
func schemeOf(arg string) (scheme string, ok bool) {
	scheme, _, ok = strings.Cut(arg, "://")
	if !ok || !schemeText.MatchString(scheme) {
		return "", false
	}
	return strings.ToLower(scheme), true
}

var schemeText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// Is reports whether an argument is a URL, and not a file that is called so. Which schemes can be read is known when it is opened.
func Is(arg string) bool {
	scheme, ok := schemeOf(arg)
	if ok && stores[scheme] == nil && !slices.Contains(clouds, scheme) {
		_, err := os.Lstat(arg)
		return err != nil
	}
	return ok
}

// Take replaces what is secret in URLs among arguments by nothing, and remembers the URLs by what is left; file:// becomes a path, or those that
// its pattern stands for. URLs of schemes that are not known stay.
func Take(args []string) []string {
	taken := make([]string, 0, len(args))
	for _, arg := range args {
		switch scheme, ok := schemeOf(arg); {
		case scheme == "file":
			taken = append(taken, local(arg)...)
		case ok && (stores[scheme] != nil || slices.Contains(clouds, scheme)):
			taken = append(taken, take(scheme+arg[len(scheme):]))
		default:
			taken = append(taken, arg)
		}
	}
	return taken
}

// local is the paths of a URL of a file: one, or those with names by its pattern, sorted. What is escaped in the URL is no pattern.
func local(arg string) []string {
	name := arg[len("file://"):]
	u, err := url.Parse(arg)
	if err != nil || u.Host != "" && u.Host != "localhost" {
		return []string{name}
	}
	if escaped := u.EscapedPath(); !strings.ContainsAny(escaped, "*[") {
		return []string{u.Path}
	}
	raw, _, _ := strings.Cut(name, "?")
	raw = strings.TrimPrefix(raw, u.Host)
	pattern, err := url.PathUnescape(escapedPattern.ReplaceAllString(raw, `%5C$0`)) // a backslash before it
	if err != nil {
		return []string{u.Path}
	}
	if names, err := filepath.Glob(pattern); err == nil && len(names) > 0 {
		return names
	}
	return []string{u.Path} // which is not there
}

// escapedPattern are characters that would be a pattern if they were not escaped.
var escapedPattern = regexp.MustCompile(`(?i)%(2A|3F|5B|5C|5D)`)

func take(arg string) string {
	name := Name(arg)
	known.Lock()
	defer known.Unlock()
	for n, base := 2, name; known.urls[name] != "" && known.urls[name] != arg; n++ {
		name = fmt.Sprintf("%s#%d", base, n)
	}
	known.urls[name] = arg
	return name
}

// Name is a URL as messages show it.
func Name(arg string) string {
	rest, _, _ := strings.Cut(arg, "?")
	scheme, rest, _ := strings.Cut(rest, "://")
	host, tail, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if slash {
		host += "/"
	}
	return scheme + "://" + host + tail
}

// find is the URL of a name, and its store.
func find(name string) (*url.URL, Store, error) {
	known.Lock()
	arg, ok := known.urls[name]
	known.Unlock()
	if !ok {
		arg = name
	}
	if scheme, _ := schemeOf(arg); stores[scheme] == nil && !slices.Contains(clouds, scheme) {
		return nil, nil, fmt.Errorf("URLs of %.20s:// are not known: %s are", scheme, schemes())
	}
	u, err := url.Parse(arg)
	if err != nil {
		return nil, nil, errors.New("is no URL") // the error has it all
	}
	s := stores[u.Scheme]
	if s == nil {
		return nil, nil, fmt.Errorf("this build does not read %s://: one made by 'make cloud' does (docs/input.md)", u.Scheme)
	}
	return u, s, nil
}

// schemes is what can be read, in words.
func schemes() string {
	list := append([]string{"file"}, slices.Sorted(maps.Keys(stores))...)
	text := strings.Join(list, "://, ") + "://"
	if stores[clouds[0]] == nil {
		text += ", and in a build by 'make cloud' " + strings.Join(clouds, "://, ") + "://"
	}
	return text
}

// Expand returns the names of the objects that a name with *, ? or [ in its last element stands for, sorted; of any other, the name.
func Expand(ctx context.Context, name string) ([]string, error) {
	u, s, err := find(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(name, "http") || !strings.ContainsAny(name, "*?[") {
		return []string{name}, nil
	}
	lister, ok := s.(Lister)
	if !ok {
		return []string{name}, nil
	}
	pattern := strings.TrimPrefix(u.Path, "/")
	keys, err := lister.List(ctx, u, pattern[:strings.IndexAny(pattern, "*?[")])
	if err != nil {
		return nil, err
	}
	var names []string
	for _, key := range keys {
		if ok, err := path.Match(pattern, key); err != nil {
			return nil, err
		} else if ok {
			object := *u
			object.Path = "/" + key
			names = append(names, take(object.String()))
		}
	}
	if slices.Sort(names); len(names) == 0 {
		return nil, errors.New("no object has such a name")
	}
	return names, nil
}

// Bounds of patience.
const (
	tries     = 5 // without a byte in between
	firstWait = 200 * time.Millisecond
	silence   = time.Minute // after which a body that says nothing is taken to be cut
)

// Reader reads an object. It is for one goroutine.
type Reader struct {
	ctx    context.Context
	url    *url.URL
	store  Store
	info   Info
	offset int64
	body   io.ReadCloser
	stop   context.CancelFunc
	failed int // tries since the last byte
	err    error
	wait   time.Duration
}

// Open opens the object of a name. Its version is that of all who opened it before.
func Open(ctx context.Context, name string) (*Reader, error) {
	u, s, err := find(name)
	if err != nil {
		return nil, err
	}
	r := &Reader{ctx: ctx, url: u, store: s, wait: firstWait}
	known.Lock()
	before, again := known.versions[name]
	known.Unlock()
	for r.body == nil {
		if err := r.open(before.Version); err != nil && !r.again(err) {
			return nil, r.err
		}
	}
	if again && before != r.info {
		r.Close()
		return nil, ErrChanged
	}
	known.Lock()
	known.versions[name] = r.info
	known.Unlock()
	return r, nil
}

// Size is how long the object is; -1: the server does not say.
func (r *Reader) Size() int64 { return r.info.Size }

// open opens the body where the reader is.
func (r *Reader) open(version string) error {
	ctx, stop := context.WithCancel(r.ctx)
	timer := time.AfterFunc(silence, stop)
	body, info, err := r.store.Open(ctx, r.url, r.offset, version)
	if !timer.Stop() && err != nil && r.ctx.Err() == nil {
		err = &Retry{errors.New("the server does not answer")}
	}
	if err != nil {
		stop()
		return r.judged(err)
	}
	if r.offset > 0 && info != r.info {
		body.Close()
		stop()
		return ErrChanged
	}
	r.body, r.info, r.stop = body, info, stop
	return nil
}

// judged is an error of the store. What ends before it was announced to is another object, if the server says so, or else was cut short.
func (r *Reader) judged(err error) error {
	beyond, ok := errors.AsType[*beyondError](err)
	switch {
	case !ok:
		return err
	case beyond.size >= 0 && beyond.size != r.offset && beyond.size != r.info.Size, beyond.version != "" && beyond.version != r.info.Version:
		return ErrChanged
	case r.info.Size < 0:
		return fmt.Errorf("it was cut short at offset %d: the server has nothing behind it", r.offset)
	}
	return fmt.Errorf("it was cut short at offset %d of %d bytes that the server announced", r.offset, r.info.Size)
}

// again waits before the next try; false: there is none, and err says why.
func (r *Reader) again(err error) bool {
	if cause := context.Cause(r.ctx); cause != nil {
		r.err = cause
		return false
	}
	if r.failed++; r.failed >= tries || !errors.As(err, new(*Retry)) {
		r.err = err
		return false
	}
	select {
	case <-r.ctx.Done():
		r.err = context.Cause(r.ctx)
		return false
	case <-time.After(r.wait << (r.failed - 1)):
		return true
	}
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for r.err == nil {
		if r.body == nil {
			if err := r.open(r.info.Version); err != nil {
				r.again(err)
				continue
			}
		}
		timer := time.AfterFunc(silence, r.stop)
		n, err := r.body.Read(p)
		timer.Stop()
		if n > 0 {
			r.offset, r.failed = r.offset+int64(n), 0
			return n, nil
		}
		switch {
		case err == nil:
			return 0, nil
		case err == io.EOF && (r.info.Size < 0 || r.offset == r.info.Size):
			r.err = io.EOF
		default:
			r.drop()
			r.again(&Retry{r.cut()})
		}
	}
	return 0, r.err
}

// cut is the error for a body that ends early.
func (r *Reader) cut() error {
	if r.info.Size < 0 {
		return errors.New("the connection was cut")
	}
	return fmt.Errorf("the connection was cut %d bytes before the end", r.info.Size-r.offset)
}

func (r *Reader) drop() {
	if r.body != nil {
		r.body.Close()
		r.stop()
		r.body = nil
	}
}

// Close ends reading.
func (r *Reader) Close() error {
	r.drop()
	return nil
}
