package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/check"
	"tcptrace/internal/lab"
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
