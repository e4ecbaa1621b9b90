package check

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tcptrace/check/expect"
)

// TestURL: the expectation and the project file of a URL are those of the current directory, and that is where expectations are written.
func TestURL(t *testing.T) {
	capture, err := os.ReadFile("../testdata/pcaps/refused.pcap")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/dir/x.pcap" {
			http.NotFound(w, r)
			return
		}
		w.Write(capture)
	}))
	t.Cleanup(server.Close)
	t.Chdir(t.TempDir())
	url := server.URL + "/dir/x.pcap"
	result := func(url string, o Options) Result {
		t.Helper()
		results, err := Run(context.Background(), []string{url}, o)
		if err != nil || len(results) != 1 {
			t.Fatalf("%v: %v", err, results)
		}
		return results[0]
	}
	is := func(r Result, want Status, text string) {
		t.Helper()
		all := strings.Join(r.Problems, "\n")
		for _, f := range r.Failures {
			all += f.Text
		}
		if r.Status != want || !strings.Contains(all, text) {
			t.Errorf("%s: %v, want %v: %s, want %q", r.Name(), r.Status, want, all, text)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is(result(url, Options{}), Malformed, "x.expect.yaml")
	is(result(server.URL+"/dir/none.pcap", Options{Mode: Init}), Unreadable, "404")
	var rules expect.RuleSet
	if err := rules.AddDeny(expect.Origin{}, "connection-refused"); err != nil {
		t.Fatal(err)
	}
	is(result(url, Options{Rules: &rules}), Failed, "connection-refused")
	is(result(url, Options{Mode: Init}), Written, "")
	is(result(url, Options{}), Passed, "")
	write("x.expect.yaml", "conversations: [{stream: 0, outcome: closed}]\n")
	is(result(url, Options{}), Failed, "outcome")
	write("x.expect.yaml", "conversations: [{stream: 0, outcome: refused}]\n")
	write(expect.ProjectFile, "deny: [connection-refused]\n")
	is(result(url, Options{}), Failed, "connection-refused")
	write(expect.ProjectFile, "deny: [connection-refused]\nsuppress: [{anomaly: connection-refused, captures: 'http://*/dir/x.pcap', reason: because}]\n")
	is(result(url, Options{}), Passed, "")
	write(expect.ProjectFile, "deny: [connection-refused]\nsuppress: [{anomaly: connection-refused, captures: 'http://*/other/x.pcap', reason: because}]\n")
	is(result(url, Options{}), Failed, "connection-refused")
}

// TestUnknownScheme: the result for a URL of a scheme that is not known says so.
func TestUnknownScheme(t *testing.T) {
	results, err := Run(context.Background(), []string{"ftp://h/x.pcap"}, Options{})
	if err != nil || len(results) == 0 || results[0].Status != Unreadable || !strings.Contains(results[0].Problems[0], "URLs of ftp:// are not known") {
		t.Errorf("%v, %v", results, err)
	}
}

// TestURLsAreArguments: nothing that lies in a directory is fetched, whatever its name.
func TestURLsAreArguments(t *testing.T) {
	text, err := os.ReadFile("../testdata/pcaps/refused.pcap")
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	t.Chdir(t.TempDir())
	host := strings.TrimPrefix(server.URL, "http://")
	dir := filepath.Join("http:", host)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "x.pcap"), text, 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "x.expect.yaml"), []byte("complete: true\nconversations: [{stream: 0}]\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".", "http:", "http:/", "*", "*/*", "http:/*/x*", "./http://" + host} {
		results, err := Run(context.Background(), []string{path}, Options{})
		if err != nil || len(results) == 0 || results.Count(Passed) != len(results) {
			t.Errorf("%s: %v, %v", path, results, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests", n)
	}
}
