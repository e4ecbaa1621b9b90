package names

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

func TestServices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services")
	text := "# a comment\nweb 80/tcp www # the web\nother 80/tcp\ntime 123/udp\nhttps\t443/tcp\n\x1b[31mRed 1000/tcp\nbig 65536/tcp\nnone\nnegative -1/tcp\n7000/tcp mine\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	system, ours := Services(path), Services("")
	for _, test := range []struct {
		port         uint16
		system, ours string
	}{
		{80, "web", "http"}, // the system's, and the first of two
		{22, "ssh", "ssh"},  // what it does not have is IANA's
		{123, "", ""},       // of UDP
		{443, "https", "https"},
		{1000, `\x1b[31mred`, ""},
		{0, "", ""},
		{65535, "", ""},
		{7000, "", ""},
	} {
		if got := system(test.port); got != test.system {
			t.Errorf("port %d of the system: %q, want %q", test.port, got, test.system)
		}
		if got := ours(test.port); got != test.ours {
			t.Errorf("port %d: %q, want %q", test.port, got, test.ours)
		}
	}
}

// TestServicesOff: -n and --names off show no names of ports.
func TestServicesOff(t *testing.T) {
	for _, test := range []struct {
		args []string
		want bool
	}{{nil, true}, {[]string{"--names=auto"}, true}, {[]string{"--names=off"}, false}, {[]string{"-n"}, false}} {
		var c Choice
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		c.AddTo(f, nil)
		if err := f.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		if got := c.Services("") != nil; got != test.want {
			t.Errorf("%q: services are named: %v, want %v", test.args, got, test.want)
		}
	}
}
