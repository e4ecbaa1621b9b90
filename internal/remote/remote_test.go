package remote_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/remote"
)

// capture is a golden capture that is long enough to be cut.
func capture(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "pcaps", "showcase.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// read reads all packets of URLs as commands do.
func read(ctx context.Context, urls ...string) (packets int, stats packet.Stats, total int64) {
	src := input.Open(remote.Take(urls), input.Options{Context: ctx})
	defer src.Close()
	var b packet.Batch
	for src.Next(&b) == nil {
		packets += len(b.Packets)
	}
	_, total = src.Progress()
	return packets, src.Stats(), total
}

// packets is how many the capture has.
func packets(t *testing.T, text []byte) (n int) {
	t.Helper()
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(text)})
	var b packet.Batch
	for src.Next(&b) == nil {
		n += len(b.Packets)
	}
	return n
}

// unreliable serves a capture and cuts every answer after so many bytes.
type unreliable struct {
	text     []byte
	cut      int  // bytes of an answer; 0: all
	noRanges bool // it answers with the whole always
	versions int  // how many it has: each request is answered with the next; 0: one
	noSize   bool
	short    bool   // it announces more than there is
	beyond   string // and what it says of the size where that begins
	tag      string // before the ETag: W/ makes it weak
	busy     int64  // requests that are answered with 503 first

	requests atomic.Int64
}

func (u *unreliable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := u.requests.Add(1)
	if n <= u.busy {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	tag := `"v1"`
	if u.versions > 0 {
		tag = fmt.Sprintf(`"v%d"`, n)
	}
	w.Header().Set("ETag", u.tag+tag)
	from := 0
	if u.noRanges {
		r.Header.Del("Range")
	}
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
		if match := r.Header.Get("If-Match"); match != "" && match != tag {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		if from >= len(u.text) {
			w.Header().Set("Content-Range", u.beyond)
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(u.text)-1, len(u.text)))
	}
	body := u.text[from:]
	if u.short {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+100))
	} else if !u.noSize {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	}
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	if u.cut > 0 && u.cut < len(body) {
		w.Write(body[:u.cut])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Write(body)
}

// TestCut: reading goes on behind a cut, of the same object or not at all, and what was read until then counts.
func TestCut(t *testing.T) {
	text := capture(t)
	all := packets(t, text)
	for name, test := range map[string]struct {
		server *unreliable
		want   string // that the error says; "": there is none
		least  int    // packets
	}{
		"whole":                {&unreliable{}, "", all},
		"no size":              {&unreliable{noSize: true}, "", all},
		"cut":                  {&unreliable{cut: len(text) / 3}, "", all},
		"cut, weak tag":        {&unreliable{cut: len(text) / 3, tag: "W/"}, "", all},
		"cut at once":          {&unreliable{cut: len(text) - 1}, "", all},
		"no ranges":            {&unreliable{cut: len(text) / 2, noRanges: true}, "cannot resume in the middle", 1},
		"changed":              {&unreliable{cut: len(text) / 2, versions: 9}, "has changed", 1},
		"changed, weak":        {&unreliable{cut: len(text) / 2, versions: 9, tag: "W/"}, "has changed", 1},
		"no size, cut":         {&unreliable{cut: len(text) / 2, noSize: true, noRanges: true}, "cannot resume", 1},
		"short":                {&unreliable{short: true}, fmt.Sprintf("it was cut short at offset %d of %d bytes", len(text), len(text)+100), all},
		"short, with its size": {&unreliable{short: true, beyond: fmt.Sprintf("bytes */%d", len(text))}, "it was cut short at offset", all},
		"short, insisting":     {&unreliable{short: true, beyond: fmt.Sprintf("bytes */%d", len(text)+100)}, "it was cut short at offset", all},
		"shrunk":               {&unreliable{short: true, beyond: fmt.Sprintf("bytes */%d", len(text)-1)}, "has changed", all},
		"short, changed":       {&unreliable{short: true, versions: 9}, "has changed", all},
		"busy":                 {&unreliable{busy: 3}, "", all},
		"busy for long":        {&unreliable{busy: 100}, "503", 0},
		"cut again and again":  {&unreliable{cut: len(text)/40 + 1, busy: 1}, "", all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.text = text
			server := httptest.NewServer(test.server)
			defer server.Close()
			n, stats, total := read(t.Context(), server.URL+"/capture.pcap")
			said := ""
			for _, err := range stats.Errors {
				said += err.Error()
			}
			if (test.want == "") != (said == "") || !strings.Contains(said, test.want) || n < test.least || n > all {
				t.Errorf("%d of %d packets, %q", n, all, said)
			}
			if test.want != "" && n > 0 && !strings.Contains(said, "at offset ") {
				t.Errorf("no offset: %s", said)
			}
			if want := int64(len(text)); test.least > 0 && !test.server.noSize && !test.server.short && total != want {
				t.Errorf("the total is %d, want %d", total, want)
			}
		})
	}
}

// TestSecrets: no message has what is secret in a URL, whatever fails.
func TestSecrets(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://127.0.0.1:1/x?token=SECRET", http.StatusFound)
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/round?token=SECRET", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/malformed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://[::1?token=SECRET")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/header", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprint(conn, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\x1b?token=SECRET\r\n\r\n")
			conn.Close()
		}
	})
	mux.HandleFunc("/denied", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "SECRET", http.StatusForbidden) })
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "user" || password != "SECRET" || r.URL.Query().Get("sig") != "SECRET" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write(capture(t))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for path, want := range map[string]string{
		"/away": "another scheme", "/round": "again and again", "/file": "another scheme",
		"/malformed": "a malformed header", "/header": "a malformed header", "/denied": "access is denied (403 Forbidden)", "/none": "404 Not Found", "/login": "",
	} {
		_, stats, _ := read(t.Context(), "http://user:SECRET@"+host+path+"?sig=SECRET#SECRET")
		said := fmt.Sprint(stats.Errors)
		if (want == "") != (len(stats.Errors) == 0) || !strings.Contains(said, want) || strings.Contains(said, "SECRET") || want != "" && !strings.Contains(said, host+path) {
			t.Errorf("%s: %s", path, said)
		}
	}
	for arg, want := range map[string]string{
		"http://u:p@h/a/b?q#f": "http://h/a/b", "https://h": "https://h", "s3://b/k?endpoint=x@y/z": "s3://b/k", "http://h?x/y@z": "http://h", "http://u@x:p@h/a@b": "http://h/a@b",
	} {
		if got := remote.Name(arg); got != want {
			t.Errorf("%s is %s, want %s", arg, got, want)
		}
	}
}

// TestTake: arguments without secrets stay, URLs that differ in secrets only are told apart, and file:// is a path.
func TestTake(t *testing.T) {
	got := remote.Take([]string{"a.pcap", "-", "http://h/same?a", "http://h/same?b", "http://h/same?a", "file:///a%20b", "ftp://h/x?y", "--where=http://h/x?y"})
	want := []string{"a.pcap", "-", "http://h/same", "http://h/same#2", "http://h/same", "/a b", "ftp://h/x?y", "--where=http://h/x?y"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTakeNothing: without arguments there are none, which is not the same as the program's own.
func TestTakeNothing(t *testing.T) {
	if got := remote.Take(nil); got == nil || len(got) != 0 {
		t.Errorf("%#v", got)
	}
}

// TestSchemes: a scheme counts in any case, file:// takes a pattern of what is not escaped in it, and what is not known says what is, unless a file is
// called so.
func TestSchemes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.pcap", "b.pcap", "b.txt", "c*d.pcap", "ftp:/h/x.pcap"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), capture(t), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for url, want := range map[string][]string{
		"FILE://" + dir + "/a.pcap":             {dir + "/a.pcap"},
		"file://localhost" + dir + "/[ab].pcap": {dir + "/a.pcap", dir + "/b.pcap"},
		"file://" + dir + "/*.pcap":             {dir + "/a.pcap", dir + "/b.pcap", dir + "/c*d.pcap"},
		"File://" + dir + "/*%2A*":              {dir + "/c*d.pcap"},
		"file://" + dir + "/c%2Ad.pcap":         {dir + "/c*d.pcap"},
		"file://" + dir + "/none*":              {dir + "/none*"},
		"HTTPS://h/Path?secret":                 {"https://h/Path"},
		"S3://bucket/Key":                       {"s3://bucket/Key"},
		"ssh://root@h/eth0":                     {"ssh://root@h/eth0"},
		"1x://h":                                {"1x://h"},
	} {
		if got := remote.Take([]string{url}); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	server := httptest.NewServer(&unreliable{text: capture(t)})
	defer server.Close()
	if n, stats, _ := read(t.Context(), strings.Replace(server.URL, "http", "HTTP", 1)+"/x"); n == 0 || len(stats.Errors) > 0 {
		t.Errorf("HTTP://: %d packets, %v", n, stats.Errors)
	}
	_, stats, _ := read(t.Context(), "FTP://user:SECRET@h/x.pcap?SECRET")
	if said := fmt.Sprint(stats.Errors); !strings.Contains(said, "ftp:// are not known: file://, http://, https://") || strings.Contains(said, "SECRET") {
		t.Error(said)
	}
	t.Chdir(dir)
	if n, stats, _ := read(t.Context(), "ftp://h/x.pcap"); n == 0 || len(stats.Errors) > 0 {
		t.Errorf("a file with such a name: %d packets, %v", n, stats.Errors)
	}
}

// TestChangedBetween: what was read once is read again as it was, or not.
func TestChangedBetween(t *testing.T) {
	for _, changes := range []bool{false, true} {
		u := &unreliable{text: capture(t)}
		if changes {
			u.versions = 2
		}
		server := httptest.NewServer(u)
		defer server.Close()
		_, first, _ := read(t.Context(), server.URL+"/x")
		_, second, _ := read(t.Context(), server.URL+"/x")
		if len(first.Errors) > 0 || (len(second.Errors) > 0) != changes || changes && !strings.Contains(fmt.Sprint(second.Errors), "has changed") {
			t.Errorf("changes %v: %v, then %v", changes, first.Errors, second.Errors)
		}
	}
}

// TestEndless: an endless body is read as it comes, and ends when the program is told to.
func TestEndless(t *testing.T) {
	text := capture(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(text)
		for {
			if _, err := w.Write(text[24:]); err != nil { // behind the header of the file
				return
			}
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	n, stats, _ := read(ctx, server.URL+"/endless")
	if n < 10*packets(t, text) || len(stats.Errors) > 0 {
		t.Errorf("%d packets, %v", n, stats.Errors)
	}
}

// TestSilent: a server that says nothing more does not keep the program from ending.
func TestSilent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(capture(t)[:100])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	r, err := remote.Open(ctx, server.URL+"/silent")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

// TestNoCloud: a build without clouds says which has them.
func TestNoCloud(t *testing.T) {
	for _, url := range []string{"s3://bucket/key?secret=SECRET", "gs://bucket/*.pcap", "azblob://bucket/key"} {
		_, stats, _ := read(t.Context(), url)
		if said := fmt.Sprint(stats.Errors); len(stats.Errors) != 1 || !strings.Contains(said, "make cloud") || strings.Contains(said, "SECRET") {
			t.Errorf("%s: %s", url, said)
		}
	}
}
