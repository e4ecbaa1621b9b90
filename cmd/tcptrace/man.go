package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"tcptrace/internal/complete"
	"tcptrace/internal/manual"
)

func newManCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long: `man writes the manual pages, one for each command, into the directory DIR, which is made if it is missing. They have the same
text as --help. Packages of tcptrace install them.`,
		Example: `  tcptrace man man1 && man -l man1/tcptrace-timeline.1`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("one directory is needed: tcptrace man DIR")
			}
			return nil
		},
		ValidArgsFunction: complete.Directory,
		RunE:              func(_ *cobra.Command, args []string) error { return writeManual(args[0], e) },
	}
}

// writeManual writes a page for every command of this program.
func writeManual(dir string, e env) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := newRootCommand(e) // a tree of its own, since its texts are changed
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	for _, cmd := range append(root.Commands(), root) {
		cmd.DisableAutoGenTag = true
		cmd.DisableFlagsInUseLine = true
		cmd.Long = manual.Markdown(cmd.Long)
		if err := writePage(cmd, dir, e); err != nil {
			return err
		}
	}
	return nil
}

func writePage(cmd *cobra.Command, dir string, e env) error {
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	f, err := openOutput("DIR", filepath.Join(dir, name+".1"), nil, e)
	if err != nil {
		return err
	}
	header := doc.GenManHeader{Source: "tcptrace", Manual: "User Commands", Date: manual.Built()}
	return finish(f, doc.GenMan(cmd, &header, f))
}
