package main

import (
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/check/expect"
	"tcptrace/internal/complete"
	"tcptrace/report"
)

func newSchemaCommand(e env) *cobra.Command {
	names := expect.SchemaNames()
	return &cobra.Command{
		Use:   "schema NAME",
		Short: "Print the JSON Schema of a record or of a file",
		Long: `schema prints a JSON Schema. NAME is

  conversation  a record of --format ndjson
  segment       a record of 'tcptrace timeline --format ndjson'
  state         a record of 'tcptrace states --at T --format ndjson'
  state-counts  a record of 'tcptrace states --every D --format ndjson'
  sum           a record of 'tcptrace summary --format ndjson'
  findings      the document of 'tcptrace findings --format json', and the key of that name in --format json
  finding       a line of 'tcptrace findings --format ndjson'
  verify        the document of 'tcptrace verify --format json'
  event         a line of 'tcptrace live --format ndjson'
  expectation   an X.expect.yaml of 'tcptrace check'
  project       a .tcptrace.yaml of 'tcptrace check'

Editors that know the schema complete an expectation. With the YAML language server, add this first line:

  # yaml-language-server: $schema=expectation.schema.json`,
		Example: "  tcptrace schema expectation > expectation.schema.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("which schema? tcptrace schema %s", strings.Join(names, "|"))
			}
			return nil
		},
		ValidArgsFunction: complete.Only(func() []string { return names }),
		RunE: func(_ *cobra.Command, args []string) error {
			text := expect.Schema(args[0])
			if text == nil {
				return usageError("there is no schema %q: %s", args[0], report.Suggest(args[0], names))
			}
			_, err := e.raw.Write(text)
			return err
		},
	}
}
