package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tcptrace/internal/testutil/thorough"
)

// TestAction runs the commands of action.yml as GitHub would, on a directory with one capture. It builds the program
// without cgo, which no other test does.
func TestAction(t *testing.T) {
	thorough.Only(t)
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Using string
			Steps []struct {
				Uses, Shell, Run string
				Dir              string `yaml:"working-directory"`
				Env              map[string]string
			}
		}
	}
	root, err := filepath.Abs(rootDir)
	if err != nil {
		t.Fatal(err)
	}
	readYAML(t, "action.yml", &action)
	workspace := t.TempDir()
	copyFile(t, filepath.Join(goldenDir, "close-client.pcap"), filepath.Join(workspace, "x.pcap"))
	writeFile(t, filepath.Join(workspace, "x.expect.yaml"), "conversations: [{stream: 0, outcome: closed}]")
	expression := regexp.MustCompile(`\$\{\{ (\S+) \}\}`)
	value := func(text, paths, args string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string {
			switch name := expression.FindStringSubmatch(e)[1]; name {
			case "github.action_path":
				return root
			case "inputs.paths":
				return paths
			case "inputs.args":
				return args
			default:
				t.Errorf("action.yml uses %s", name)
				return ""
			}
		})
	}
	temp := t.TempDir()
	job := func(paths, args string) (output string, ok bool) {
		for _, step := range action.Runs.Steps {
			if step.Run == "" {
				continue
			}
			cmd := exec.Command(bash, "-e", "-o", "pipefail", "-c", value(step.Run, paths, args))
			cmd.Dir = workspace
			if step.Dir != "" {
				cmd.Dir = value(step.Dir, paths, args)
			}
			cmd.Env = append(os.Environ(), "RUNNER_TEMP="+temp)
			for name, v := range step.Env {
				cmd.Env = append(cmd.Env, name+"="+value(v, paths, args))
			}
			out, err := cmd.CombinedOutput()
			output += string(out)
			if err != nil {
				return output, false
			}
		}
		return output, true
	}
	if out, ok := job(action.Inputs["paths"].Default, action.Inputs["args"].Default); !ok || out != "1 capture: 1 passed\n" {
		t.Errorf("a capture that is as expected: %v: %s", ok, out)
	}
	writeFile(t, filepath.Join(workspace, "x.expect.yaml"), "conversations: [{stream: 0, outcome: reset}]")
	out, ok := job(". x.pcap", "--deny error --junit report.xml")
	if ok || !strings.HasPrefix(out, "::error file=x.expect.yaml,line=1,") {
		t.Errorf("a capture that is not as expected: %v: %s", ok, out)
	}
	if _, err := os.Stat(filepath.Join(workspace, "report.xml")); err != nil {
		t.Error(err)
	}
}

// TestPreCommitHook: the hook looks at the files that matter, and its command line holds.
func TestPreCommitHook(t *testing.T) {
	var hooks []struct {
		ID, Entry, Files string
		Args             []string
		PassFilenames    bool `yaml:"pass_filenames"`
	}
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	if len(hooks) != 1 || hooks[0].PassFilenames {
		t.Fatalf("want one hook that names its own paths, got %+v", hooks)
	}
	files := regexp.MustCompile(hooks[0].Files)
	for name, want := range map[string]bool{
		"a/x.pcap": true, "x.pcapng.gz": true, "x.expect.yaml": true, "sub/.tcptrace.yaml": true, "x.yaml": false, "x.gz": false, "pcap": false,
	} {
		if files.MatchString(name) != want {
			t.Errorf("the hook runs for %s: %v, want %v", name, !want, want)
		}
	}
	line := append(strings.Fields(hooks[0].Entry)[1:], hooks[0].Args...)
	t.Chdir(goldenDir)
	if code, stdout, stderr := tcptrace(t, env{}, line...); code != exitDone {
		t.Errorf("%v: %d: %s%s", line, code, stdout, stderr)
	}
}

func readYAML(t *testing.T, name string, to any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rootDir, name))
	if err == nil {
		err = yaml.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, to, string(text))
}
