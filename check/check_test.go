package check_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/check"
	"tcptrace/internal/truth/lab"
)

// exchange is a capture of n packets: a handshake, then requests and answers.
func exchange(t testing.TB, port, n int) []byte {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# Requests and answers.\nclient 10.0.0.1:%d\nserver 10.0.0.2:80\n", port)
	b.WriteString("+0 > S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>\n+20ms < S. win 65160 <mss 1460,sackOK,nop,wscale 7>\n+1ms > .\n")
	for i := 3; i < n; i++ {
		b.WriteString([...]string{"+1ms > P. (100)\n", "+20ms < P. (1000)\n", "+1ms > .\n"}[i%3])
	}
	s, err := lab.Parse("exchange", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	capture, err := s.Capture()
	if err != nil {
		t.Fatal(err)
	}
	return capture
}

// BenchmarkCaptures checks 1,000 captures of 100 packets against full expectations.
func BenchmarkCaptures(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.pcap", i)), exchange(b, 1024+i, 100), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if rs, err := check.Run(b.Context(), []string{dir}, check.Options{Mode: check.Init}); err != nil || rs.Count(check.Written) != 1000 {
		b.Fatal(err, rs.Summary())
	}
	b.ReportAllocs()
	for b.Loop() {
		rs, err := check.Run(b.Context(), []string{dir}, check.Options{})
		if err != nil || rs.Count(check.Passed) != 1000 {
			b.Fatal(err, rs.Summary())
		}
	}
}

// mixed is a directory with captures and expectations of all kinds.
func mixed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	whole := exchange(t, 1024, 20)
	for name, data := range map[string][]byte{
		"good.pcap": whole, "good.expect.yaml": []byte("conversations: [{stream: 0, outcome: open}]"),
		"sub/bad.pcap": whole, "sub/bad.expect.yaml": []byte("conversations:\n- {stream: 0, outcome: closed, packets: 21}\n- {stream: 1}"),
		"cut.pcap": whole[:len(whole)-5], "cut.expect.yaml": []byte("deny: error"),
		"wrong.pcap": whole, "wrong.expect.yaml": []byte("conversations: [{stream: 0, outcom: open}]"),
		"orphan.expect.yaml": []byte("deny: error"), "free.pcapng": whole, ".git/x.pcap": whole, "a.txt": nil,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// rendered is results in every format.
func rendered(t *testing.T, rs check.Results) string {
	t.Helper()
	var b bytes.Buffer
	for _, write := range []func(io.Writer, check.Results) error{
		func(w io.Writer, rs check.Results) error { return check.WriteText(w, rs, true) },
		check.WriteJSON, check.WriteGitHub, check.WriteJUnit, check.WriteSARIF,
	} {
		if err := write(&b, rs); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// TestOrder: what is reported does not depend on how many are checked at once, nor on how the paths are given.
func TestOrder(t *testing.T) {
	dir := mixed(t)
	run := func(workers int, paths ...string) check.Results {
		rs, err := check.Run(t.Context(), paths, check.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return rs
	}
	first := run(1, dir)
	want := rendered(t, first)
	for _, workers := range []int{0, 2, 20} {
		if got := rendered(t, run(workers, dir, filepath.Join(dir, "sub"), filepath.Join(dir, "good.pcap"))); got != want {
			t.Errorf("%d workers: %s\nwant %s", workers, got, want)
		}
	}
	var got []string
	for _, r := range first {
		got = append(got, filepath.Base(r.Name())+" "+string(r.Status))
	}
	const statuses = "cut.pcap unreadable, free.pcapng unchecked, good.pcap passed, orphan.expect.yaml malformed, bad.pcap failed, wrong.pcap malformed"
	if s := strings.Join(got, ", "); s != statuses {
		t.Errorf("got %s\nwant %s", s, statuses)
	}
}

// TestForMachines reads the formats as their readers do.
func TestForMachines(t *testing.T) {
	rs, err := check.Run(t.Context(), []string{mixed(t)}, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	var junit struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := errors.Join(check.WriteJUnit(&b, rs), xml.Unmarshal(b.Bytes(), &junit)); err != nil {
		t.Fatal(err)
	}
	if junit.Tests != 6 || junit.Failures != 1 || junit.Errors != 3 || junit.Skipped != 1 {
		t.Errorf("JUnit: %+v", junit)
	}
	for _, c := range junit.Suites[0].Cases {
		if c.Failure != nil && (c.Name != "bad.pcap" || c.Failure.Message != "outcome is open, expected closed (and 2 more)") {
			t.Errorf("JUnit: %s: %+v", c.Name, c.Failure)
		}
	}
	b.Reset()
	var sarif struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := errors.Join(check.WriteSARIF(&b, rs), json.Unmarshal(b.Bytes(), &sarif)); err != nil {
		t.Fatal(err)
	}
	rules := map[string]int{}
	for _, r := range sarif.Runs[0].Tool.Driver.Rules {
		rules[r.ID] = 0
	}
	for _, r := range sarif.Runs[0].Results {
		if _, ok := rules[r.RuleID]; !ok || r.Message.Text == "" || len(r.Locations) != 1 || r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "" {
			t.Errorf("SARIF: %+v", r)
		}
		rules[r.RuleID]++
	}
	if rules["expectation"] != 3 || rules["malformed-expectation"] != 2 || rules["unreadable-capture"] != 1 {
		t.Errorf("SARIF: %v", rules)
	}
}

// TestShared: two captures may have one expectation, but it is written for one only.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"x.pcap", "x.pcap.2.pcap", "x.pcapng"} {
		if err := os.WriteFile(filepath.Join(dir, name), exchange(t, 1024+i, 20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rs, err := check.Run(t.Context(), []string{dir}, check.Options{Mode: check.Init})
	if err != nil || rs.Count(check.Written) != 2 || rs.Count(check.Malformed) != 1 || !strings.Contains(rs[2].Problems[0], "it is written for that one only") {
		t.Errorf("%v: %+v", err, rs)
	}
}
