package main

import (
	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/report"
)

func newFieldsCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "fields [NAME]",
		Short: "Explain the statistics of a conversation and the terms used for segments",
		Long: `fields lists the statistics that a conversation record has for each side, under endpoints.client.sent and
endpoints.server.sent, and that --long prints: what each one means, its unit, and what Ostermann's tcptrace calls it.
All but the first five are omitted from a record when they are 0 or unknown. It then lists what live knows of the process
at an end of a connection, and the kinds, causes and notes that timeline gives segments, Wireshark's flags for them, and where and why those differ. With a NAME, or part of one,
it shows only the entries whose name, here or in the other program, contains it; if there is none, those whose
explanation does.`,
		Example: `  tcptrace fields
  tcptrace fields rtt
  tcptrace fields retransmission
  tcptrace capture.pcapng --where 'endpoints.server.sent.rtt_p95_s > 0.2'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("one name at a time, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: complete.Only(fieldNames),
		RunE: func(_ *cobra.Command, args []string) error {
			part := ""
			if len(args) == 1 {
				part = args[0]
			}
			found, err := report.WriteGlossary(e.out, part)
			if err == nil && !found {
				return usageError("nothing is named %q or explained by it: 'tcptrace fields' lists all names", part)
			}
			return err
		},
	}
}

// fieldNames are the names that fields explains.
func fieldNames() (names []string) {
	for _, entry := range report.GlossaryNames() {
		names = append(names, cobra.CompletionWithDesc(entry.Name, entry.Text))
	}
	return names
}
