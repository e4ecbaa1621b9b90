package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	capture := "../../testdata/pcaps/showcase.pcap"
	for _, test := range []struct {
		args   []string
		e      env
		code   int
		stderr string // a part
		page   string // a part; "": there is none
	}{
		{args: []string{capture}, page: `"n":6`},
		{args: []string{capture, "--where", `outcome == "reset"`}, page: `"n":1`},
		{args: []string{capture, "--stream", "4"}, page: `"details":[4]`},
		{args: []string{capture, "--stream", "6"}, code: exitUsage, stderr: "there is no stream 6"},
		{args: []string{capture, "--max-details", "0"}, page: `"details":[]`},
		{args: []string{capture, "--max-details", "-1"}, code: exitUsage, stderr: "must not be negative"},
		{args: []string{capture, "--title", "</title>"}, page: "<title>&lt;/title&gt;</title>"},
		{args: []string{capture, "--where", "packets >"}, code: exitUsage, stderr: "--where"},
		{args: []string{"nowhere.pcap"}, code: exitBadInput, stderr: "nowhere.pcap"},
		{args: nil, code: exitUsage, stderr: "no capture given"},
	} {
		out := filepath.Join(t.TempDir(), "page.html")
		code, _, stderr := tcptrace(t, test.e, append([]string{"report", "-o", out}, test.args...)...)
		page, _ := os.ReadFile(out)
		if code != test.code || !strings.Contains(stderr, test.stderr) || !strings.Contains(string(page), test.page) || test.page == "" && len(page) > 0 {
			t.Errorf("%q: exit code %d, %q, a page of %d bytes", test.args, code, stderr, len(page))
		}
	}
	if code, _, stderr := tcptrace(t, env{outTTY: true, width: 80}, "report", capture); code != exitUsage || !strings.Contains(stderr, "-o is missing") {
		t.Errorf("to a terminal: exit code %d, %q", code, stderr)
	}
}
