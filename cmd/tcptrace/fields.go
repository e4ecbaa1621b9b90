package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/report"
)

func newFieldsCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "fields [NAME]",
		Short: "Say what the numbers of a conversation mean",
		Long: `fields lists the statistics that a conversation record has of each side, under endpoints.client.sent
and endpoints.server.sent, and that --long prints: what each means, its unit, and what Ostermann's tcptrace calls it.
All but the first five are left out of a record when they are 0 or not known. With a NAME, ours or his, or
a part of one, it shows only those that match.`,
		Example: `  tcptrace fields
  tcptrace fields rtt
  tcptrace capture.pcapng --where 'endpoints.server.sent.rtt_p95_s > 0.2'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("one name at a time, not %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listFields(e.out, "")
			}
			return listFields(e.out, args[0])
		},
	}
}

// listFields writes the statistics whose names contain part.
func listFields(w io.Writer, part string) error {
	var b strings.Builder
	for _, subject := range report.Statistics {
		head := false
		for _, s := range subject.List {
			if !strings.Contains(s.Name, part) && !strings.Contains(s.Ostermann, part) {
				continue
			}
			if !head {
				head = true
				fmt.Fprintf(&b, "%s\n", subject.Subject)
			}
			fmt.Fprintf(&b, "  %-30s %s (%s)\n", s.Name, s.Text, s.Unit)
			switch {
			case s.Ostermann != "" && s.Differs != "":
				fmt.Fprintf(&b, "  %-30s Ostermann's %q; %s\n", "", s.Ostermann, s.Differs)
			case s.Ostermann != "":
				fmt.Fprintf(&b, "  %-30s Ostermann's %q\n", "", s.Ostermann)
			}
		}
		if head {
			b.WriteByte('\n')
		}
	}
	if b.Len() == 0 {
		return usageError("no statistic has %q in its name: 'tcptrace fields' lists all", part)
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n"))
	return err
}
