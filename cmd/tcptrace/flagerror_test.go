package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Errors about flags say what was meant, and which command's help has more.
func TestFlagErrors(t *testing.T) {
	for line, want := range map[string]string{
		"follow x --side server":    "unknown flag: --side: did you mean --from?\nTry 'tcptrace follow --help'.",
		"states x --from server":    "did you mean --side?\nTry 'tcptrace states --help'.",
		"follow x --format text":    "did you mean --as?",
		"x --out y":                 "did you mean --output?",
		"x --sortby y":              "did you mean --sort?",
		"x --verbose":               "did you mean --long?",
		"x --at 5":                  "unknown flag: --at: 'tcptrace states' has it\nTry 'tcptrace --help'.",
		"x --zzzzzzz":               "unknown flag: --zzzzzzz\nTry",
		"x -Y tcp":                  "--where selects",
		"x -q":                      "unknown shorthand flag: 'q' in -q\nTry",
		"timeline x --stream a":     `--stream takes a whole number from 0 on, not "a"`,
		"timeline x --stream -1":    `--stream takes a whole number from 0 on, not "-1"`,
		"x --limit 1.5":             `--limit takes a whole number, such as 10, not "1.5"`,
		"x --limit 1" + zeros:       `--limit 1` + zeros + ` is too large`,
		"x --msl 5":                 `--msl takes a time with its unit, such as 500ms, 30s or 5m, not "5"`,
		"live --rotate-size 1q":     `--rotate-size: "1q" is not a size, such as 100MB or 64MiB`,
		"x --color q":               `--color: "q" is not auto, always or never`,
		"x --long=q":                `--long takes true or false, or nothing, not "q"`,
		"follow x":                  "follow needs exactly one --stream: which conversation?\nTry 'tcptrace follow --help'.",
		"help folow":                "there is no command \"folow\": did you mean 'tcptrace follow'?\n",
		"help zzzzzzzzzz":           "there is no command \"zzzzzzzzzz\": 'tcptrace --help' lists them",
		"help follow states":        "there is no command \"follow states\"",
		"timeline":                  "no capture given: tcptrace timeline FILE...\n",
		"report":                    "no capture given: tcptrace report FILE...\n",
		"follow --stream 1":         "no capture given: tcptrace follow FILE...\n",
		"summary":                   "no capture given: tcptrace summary FILE... (- for standard input)",
		"":                          "no capture given: tcptrace FILE... (- for standard input)",
		"plot --kind connections":   "tcptrace plot FILE... (- for standard input)",
		"plot --stream 1":           "tcptrace plot FILE...\n",
		"x --columns packets,zzzzz": "there is no field \"zzzzz\"",
	} {
		code, _, stderr := tcptrace(t, env{}, strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s, want %s", line, code, stderr, want)
		}
	}
	for _, line := range []string{"help", "help follow", "--help"} {
		if code, stdout, _ := tcptrace(t, env{}, strings.Fields(line)...); code != exitDone || !strings.Contains(stdout, "Usage:") {
			t.Errorf("%s: exit %d, %s", line, code, stdout)
		}
	}
}

const zeros = "00000000000000000000"

// No flag of any command says anything of how the program is written, whatever it is given.
func TestFlagErrorsArePlain(t *testing.T) {
	goWords := regexp.MustCompile(`strconv|parsing|invalid syntax|time:|%!|invalid argument`)
	root := newRootCommand(env{})
	for _, cmd := range append(root.Commands(), root) {
		cmd.SetContext(t.Context())
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			for _, value := range []string{"q?", "-1", `"`, "99999999999999999999", "1e999s"} {
				args := append(strings.Fields(cmd.CommandPath())[1:], "--"+f.Name+"="+value)
				if err := cmd.Flags().Parse(args); err == nil {
					continue
				}
				if _, _, stderr := tcptrace(t, env{}, args...); goWords.MatchString(stderr) {
					t.Errorf("%v: %s", args, stderr)
				}
			}
		})
	}
}
