package wireshark

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// shell runs the script that finds the open capture, as a child of this process.
func shell(t *testing.T) (file string, code int) {
	t.Helper()
	_, text, ok := strings.Cut(Plugin("tcptrace"), "[==[\n")
	text, _, ended := strings.Cut(text, "]==]")
	if !ok || !ended {
		t.Fatal("the script has no part for the shell")
	}
	cmd := exec.Command("sh", "-c", text+"readlink \"$file\"")
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(out), "\n"), cmd.ProcessState.ExitCode()
}

// TestFound: the capture that the parent process reads is found, if it is one, and is not being captured.
func TestFound(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	dir := t.TempDir()
	open := func(name, content string, flags int) *os.File {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	expect := func(what, wantFile string, wantCode int) {
		t.Helper()
		if file, code := shell(t); code != wantCode || file != wantFile {
			t.Errorf("%s: %q, %d, want %q, %d", what, file, code, wantFile, wantCode)
		}
	}
	open("text", "no capture", os.O_RDONLY)
	open("written", "\x0a\x0d\x0d\x0a", os.O_WRONLY)
	open("short", "\x0a\x0d\x0d", os.O_RDONLY)
	expect("no capture", "", 90)
	first := open("first", "\x0a\x0d\x0d\x0a...", os.O_RDONLY)
	expect("a capture", first.Name(), 0)
	again, err := os.Open(first.Name())
	if err != nil {
		t.Fatal(err)
	}
	if file, code := shell(t); code != 0 || file != first.Name() {
		t.Errorf("open twice: %q, %d", file, code)
	}
	again.Close()
	second := open("second", "\xd4\xc3\xb2\xa1...", os.O_RDONLY)
	expect("two captures", "", 91)
	second.Close()

	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	raw, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	dumpcap := filepath.Join(dir, "dumpcap")
	if err := os.WriteFile(dumpcap, raw, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(dumpcap, "600")
	cmd.Args[0] = "sleep" // what has several commands in one goes by that
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	expect("a live capture", "", 92)
}

func TestDir(t *testing.T) {
	for _, test := range []struct{ system, home, appData, want string }{
		{"linux", "/home/me", "", "/home/me/.local/lib/wireshark/plugins"},
		{"darwin", "/Users/me", "", "/Users/me/.local/lib/wireshark/plugins"},
		{"windows", "/home/me", "/AppData", "/AppData/Wireshark/plugins"},
		{"linux", "", "/AppData", ""},
		{"windows", "/home/me", "", ""},
	} {
		got, err := Dir(test.system, func(name string) string {
			return map[string]string{"HOME": test.home, "APPDATA": test.appData}[name]
		})
		if filepath.ToSlash(got) != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
}

// TestProgram: the name of the program is a word of Lua, whatever is in it, or it is left to the search path.
func TestProgram(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/bin/tcptrace": `"/usr/bin/tcptrace"`, `/a "b"`: `"/a \"b\""`, "/ä": `"/ä"`, "a\nb": `"tcptrace"`, `C:\x`: `"tcptrace"`, "a\x7f": `"tcptrace"`,
	} {
		if !strings.Contains(Plugin(program), `Pref.string("Program", `+want+`,`) {
			t.Errorf("%q is not %s", program, want)
		}
	}
}
