package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"tcptrace/internal/wireshark"
)

func newWiresharkCommand(e env) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "wireshark install | print",
		Short: "Install a plugin that shows states and causes in Wireshark",
		Long: `wireshark installs, or prints, a Lua plugin for Wireshark and tshark that runs tcptrace on the open capture file and adds
fields for columns, display filters and colouring rules: tcptrace.client.state, tcptrace.server.state,
tcptrace.evidence, tcptrace.kind, tcptrace.cause, tcptrace.anomaly and others. Their values are those of timeline.

install writes it where Wireshark looks for a user's plugins, and never overwrites a file that is not this plugin.`,
		Example: `  tcptrace wireshark install
  tcptrace wireshark print >tcptrace.lua &&
    tshark -X lua_script:tcptrace.lua -r capture.pcapng -Y 'tcptrace.anomaly'
  tshark -r capture.pcapng -T fields -e frame.number \
    -e tcptrace.client.state -e tcptrace.server.state -e tcptrace.cause`,
		Args:      cobra.ArbitraryArgs,
		ValidArgs: []string{"install", "print"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && args[0] == "install":
				return installPlugin(dir, e)
			case len(args) == 1 && args[0] == "print":
				_, err := io.WriteString(e.out, wireshark.Plugin("tcptrace"))
				return err
			}
			return usageError("say install or print")
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "install into this `directory` (default: Wireshark's directory for a user's plugins)")
	return cmd
}

func installPlugin(dir string, e env) (err error) {
	if dir == "" {
		if dir, err = wireshark.Dir(runtime.GOOS, os.Getenv); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, wireshark.Name)
	if err := wireshark.Replaceable(path); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		program = "tcptrace"
	}
	out, err := openOutput("install", path, nil, e)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, wireshark.Plugin(program))
	if err = finish(out, err); err == nil {
		e.say("%s: Wireshark loads it when it starts; Analyze, Reload Lua Plugins does so at once", path)
	}
	return err
}
