// Package wireshark has the plugin for Wireshark: a script that shows what the timeline of a capture says of each segment.
//
// Not its job: to analyze anything; the script runs this program.
package wireshark

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tcptrace/analyzer"
)

//go:embed plugin.lua
var script string

// Name is the name of the script's file.
const Name = "tcptrace.lua"

// mark begins every version of the script.
const mark = "-- tcptrace: a plugin for Wireshark"

// Plugin is the script. program is what it runs.
func Plugin(program string) string {
	var anomalies []string
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			anomalies = append(anomalies, kind.ID)
		}
	}
	quoted := strconv.Quote(program) // as Lua has it, but for what is no ASCII, which stays as it is
	if strings.ContainsFunc(program, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		quoted = `"tcptrace"`
	}
	return strings.NewReplacer(`"@PROGRAM@"`, quoted, "@ANOMALIES@", strings.Join(anomalies, " ")).Replace(script)
}

// ErrNoHome is that nobody knows where the home directory is.
var ErrNoHome = errors.New("it is not known where Wireshark looks for plugins: name the directory with --dir ('tshark -G folders' says)")

// Dir is where Wireshark looks for a user's Lua plugins (Wireshark User's Guide, Appendix B). getenv gives the environment.
func Dir(system string, getenv func(string) string) (string, error) {
	base, below := getenv("HOME"), []string{".local", "lib", "wireshark", "plugins"}
	if system == "windows" {
		base, below = getenv("APPDATA"), []string{"Wireshark", "plugins"}
	}
	if base == "" {
		return "", ErrNoHome
	}
	return filepath.Join(append([]string{base}, below...)...), nil
}

// Replaceable fails if there is a file of this name that is no version of the script.
func Replaceable(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	begin := make([]byte, len(mark))
	if _, err := io.ReadFull(file, begin); err != nil || string(begin) != mark {
		return fmt.Errorf("%s is another file, and stays as it is", path)
	}
	return nil
}
