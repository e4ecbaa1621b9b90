// Package cloud tests captures in a store: the program that .ci/cloud builds against servers in this process that speak S3, and as much as reading
// takes of what Google's and Azure's do. It is a module of its own, so that the program's does not need the servers.
package cloud

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const root = "../.."

// store is a server with a bucket of captures, and what goes wrong with it.
type store struct {
	*httptest.Server
	backend *s3mem.Backend
	cut     int64 // bytes of the body of an object after which the connection is cut; 0: never
	always  bool  // the bytes of what is asked for again count anew: nothing comes of it
	denied  bool
	gets    atomic.Int64
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{backend: s3mem.New()}
	if err := s.backend.CreateBucket("captures"); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(s.backend).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.denied {
			http.Error(w, `<Error><Code>AccessDenied</Code><Message>SECRET</Message></Error>`, http.StatusForbidden)
			return
		}
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".pcap") {
			if n := s.gets.Add(1); s.cut > 0 {
				left := s.cut
				if n > 1 && s.always {
					left = 0
				}
				w = &cutting{w, left}
			}
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// cutting is an answer that breaks off.
type cutting struct {
	http.ResponseWriter
	left int64
}

func (c *cutting) Write(p []byte) (int, error) {
	if int64(len(p)) > c.left {
		c.ResponseWriter.Write(p[:c.left])
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= int64(len(p))
	return c.ResponseWriter.Write(p)
}

func (s *store) put(t *testing.T, key string, text []byte) {
	t.Helper()
	if _, err := s.backend.PutObject("captures", key, map[string]string{}, bytes.NewReader(text), int64(len(text)), nil); err != nil {
		t.Fatal(err)
	}
}

// url is what a command is given for a key.
func (s *store) url(key string) string {
	return fmt.Sprintf("s3://captures/%s?region=us-east-1&use_path_style=true&endpoint=%s", key, s.URL)
}

// credentials are what the environment has beside those of S3.
var credentials []string

// tcptrace runs the program.
func tcptrace(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	path := os.Getenv("TCPTRACE_CLOUD_BINARY")
	if path == "" {
		path = filepath.Join(root, "bin", "tcptrace-cloud")
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("there is no bin/tcptrace-cloud: make cloud")
	}
	var out, problems bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Env = append(append(os.Environ(), "AWS_ACCESS_KEY_ID=KEY", "AWS_SECRET_ACCESS_KEY=SECRET", "AWS_EC2_METADATA_DISABLED=true"), credentials...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), problems.String()
}

func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "testdata", "pcaps", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestStore: commands of one pass and of two say of objects what they say of files, with globs and where connections are cut.
func TestStore(t *testing.T) {
	var files []string
	all, _ := filepath.Glob(filepath.Join(root, "testdata", "pcaps", "[a-c]*.pcap"))
	s := newStore(t)
	for _, path := range all[:4] {
		files = append(files, path)
		s.put(t, "dir/"+filepath.Base(path), golden(t, filepath.Base(path)))
	}
	s.put(t, "dir/deeper/x.pcap", golden(t, "showcase.pcap")) // a * is not for a /
	for _, cut := range []int64{0, 1000} {
		s.cut = cut
		for _, command := range [][]string{{"--format", "ndjson"}, {"timeline", "--format", "ndjson"}, {"states", "--at", "+5ms", "--format", "csv"}, {"summary"}} {
			code, want, _ := tcptrace(t, append(command, files...)...)
			code2, got, stderr := tcptrace(t, append(command, s.url("dir/*.pcap"))...)
			if code != 0 || code2 != 0 || got != want || strings.Contains(stderr, "SDK") {
				t.Errorf("cut %d: %q: exit code %d, %d bytes, want %d: %s", cut, command, code2, len(got), len(want), stderr)
			}
		}
	}
}

// TestFailures: what fails ends with status 3, and says why without what is secret.
func TestFailures(t *testing.T) {
	s := newStore(t)
	s.put(t, "x.pcap", golden(t, "showcase.pcap"))
	for _, test := range []struct {
		key, want string
		set       func()
	}{
		{"none.pcap", "s3://captures/none.pcap: there is no such object", func() {}},
		{"none/*.pcap", "no object has such a name", func() {}},
		{"x.pcap", "at offset", func() { s.cut, s.always = 700, true }},
		{"x.pcap", "x.pcap: ", func() { s.denied = true }},
	} {
		s.gets.Store(0)
		test.set()
		code, _, stderr := tcptrace(t, "--format", "ndjson", s.url(test.key))
		if code != 3 || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "SECRET") || strings.Contains(stderr, "endpoint") {
			t.Errorf("%s: exit code %d: %s", test.key, code, stderr)
		}
	}
}

// TestChanges: an object that is another in the second pass is told.
func TestChanges(t *testing.T) {
	s := newStore(t)
	s.put(t, "x.pcap", golden(t, "showcase.pcap"))
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		if r.Method == http.MethodGet {
			io.Copy(io.Discard, r.Body)
			s.put(t, "x.pcap", golden(t, "zero-window.pcap"))
		}
	})
	code, _, stderr := tcptrace(t, "timeline", s.url("x.pcap"))
	if code == 0 || !strings.Contains(stderr, "changed") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
