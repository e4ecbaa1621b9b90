package check_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/check"
	"tcptrace/check/expect"
)

// statusOf checks path and returns what came of the one capture in it, with the reasons.
func statusOf(t *testing.T, path string, o check.Options) (check.Status, string) {
	t.Helper()
	rs, err := check.Run(t.Context(), []string{path}, o)
	if err != nil || len(rs) == 0 {
		t.Fatal(rs, err)
	}
	var reasons []string
	for i := range rs {
		reasons = append(reasons, rs[i].Problems...)
	}
	return rs[0].Status, strings.Join(reasons, "\n")
}

// TestSizeOfTexts: an expectation and a project file have 1 MB at most.
func TestSizeOfTexts(t *testing.T) {
	for name, status := range map[string]check.Status{"a.expect.yaml": check.Passed, ".tcptrace.yaml": check.Passed} {
		dir := t.TempDir()
		write := func(size int) {
			text := "complete: false\nassert: 'true'\n#"
			text += strings.Repeat("x", size-len(text))
			if err := errors.Join(os.WriteFile(filepath.Join(dir, "a.pcap"), exchange(t, 1024, 9), 0o600), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		write(1 << 20)
		if got, why := statusOf(t, dir, check.Options{}); got != status {
			t.Errorf("%s of 1 MB: %s: %s", name, got, why)
		}
		write(1<<20 + 1)
		if _, why := statusOf(t, dir, check.Options{}); !strings.Contains(why, "larger than 1048576 bytes") {
			t.Errorf("%s of 1 MB and a byte: %q", name, why)
		}
	}
}

// repository is a directory with captures and expectations, and one beside it that is not part of it.
func repository(t *testing.T) (at func(name string) string) {
	t.Helper()
	top := t.TempDir()
	at = func(name string) string { return filepath.Join(top, filepath.FromSlash(name)) }
	rules, capture := []byte("deny: error\n"), exchange(t, 1024, 9)
	for name, data := range map[string][]byte{
		"outside/x.pcap": capture, "outside/x.expect.yaml": rules, "outside/secret": []byte("PASSWORD=hunter2\n"),
		"repo/x.pcap": capture, "repo/x.expect.yaml": rules, "repo/sub/a.expect.yaml": rules, "in/x.pcap": capture, "in/b.expect.yaml": rules,
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(at(name)), 0o755), os.WriteFile(at(name), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

func symlink(t *testing.T, to, from string) {
	t.Helper()
	os.Remove(from)
	if err := os.Symlink(filepath.FromSlash(to), from); err != nil {
		t.Skip(err)
	}
}

// TestLinks: no symbolic link is followed out of a directory, neither from what is below it nor from what belongs to a capture that the user
// names; what the user names is the user's to say.
func TestLinks(t *testing.T) {
	const outside = "a symbolic link that leads out of "
	for _, test := range []struct{ name, link, to, path, want string }{
		{"a capture below a directory", "repo/sub/a.pcap", "../../outside/x.pcap", "repo", outside},
		{"a capture of a pattern", "repo/sub/a.pcap", "../../outside/x.pcap", "repo/*/a.pcap", outside},
		{"a capture in a directory of a pattern", "repo/deep", "../outside", "repo/*/x.pcap", outside},
		{"the capture of an expectation", "in/b.pcap", "../outside/x.pcap", "in/b.expect.yaml", outside},
		{"an expectation below a directory", "repo/x.expect.yaml", "../outside/secret", "repo", outside},
		{"the expectation beside what is named", "in/x.expect.yaml", "../outside/secret", "in/x.pcap", outside},
		{"a project file", "in/.tcptrace.yaml", "../outside/secret", "in/x.pcap", outside},
		{"a project file far above", ".tcptrace.yaml", "/proc/self/environ", "in/x.pcap", outside},
		{"a device", "in/x.expect.yaml", "/dev/zero", "in", outside},
		{"a directory", "in/x.expect.yaml", ".", "in", "not a regular file"},
		{"a link within the directory", "repo/sub/a.pcap", "../x.pcap", "repo", ""},
		{"what the user names", "in/b.pcap", "../outside/x.pcap", "in/b.pcap", ""},
	} {
		at := repository(t)
		symlink(t, test.to, at(test.link))
		_, why := statusOf(t, at(test.path), check.Options{})
		if test.want == "" && why != "" || !strings.Contains(why, test.want) || strings.Contains(why, "hunter2") {
			t.Errorf("%s: %q, want %q", test.name, why, test.want)
		}
	}
	if _, why := statusOf(t, os.DevNull, check.Options{Rules: denyErrors(t)}); !strings.Contains(why, "not a regular file") {
		t.Errorf("a device that is named: %q", why)
	}
}

func denyErrors(t *testing.T) *expect.RuleSet {
	rules := &expect.RuleSet{}
	if err := rules.AddDeny(expect.Origin{}, "error"); err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestLinkReplaced: an expectation is written in the place of a link, not through it.
func TestLinkReplaced(t *testing.T) {
	at := repository(t)
	fails := []byte("conversations: [{stream: 0, outcome: closed}]\n")
	if err := os.WriteFile(at("repo/other"), fails, 0o600); err != nil {
		t.Fatal(err)
	}
	symlink(t, "other", at("repo/x.expect.yaml"))
	if got, why := statusOf(t, at("repo/x.pcap"), check.Options{Mode: check.Update}); got != check.Written {
		t.Errorf("%s: %s", got, why)
	}
	if text, err := os.ReadFile(at("repo/other")); err != nil || string(text) != string(fails) {
		t.Errorf("%q, %v: written through a link", text, err)
	}
	if left, err := filepath.Glob(at("repo/*.part")); err != nil || left != nil {
		t.Error(left, err)
	}
}
