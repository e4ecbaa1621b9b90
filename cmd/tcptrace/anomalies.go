package main

import (
	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/report"
)

func newAnomaliesCommand(e env) *cobra.Command {
	return &cobra.Command{
		Use:   "anomalies [ID]",
		Short: "List all anomalies, or explain one",
		Long: `anomalies lists what tcptrace flags: everything that can go wrong with a connection, or is worth knowing about it.
With an ID it explains one anomaly: what it means, what usually causes it, and what to look at next.

Severities: note, normal but worth knowing; warning, an endpoint had to wait or retry; error, something failed.`,
		Example: `  tcptrace anomalies
  tcptrace anomalies close-wait-lingering`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("one anomaly at a time, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: complete.Only(complete.AnomalyIDs),
		RunE:              func(_ *cobra.Command, args []string) error { return runAnomalies(args, e) },
	}
}

func runAnomalies(args []string, e env) error {
	if len(args) == 0 {
		return report.WriteCatalogue(e.out)
	}
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			if kind.ID == args[0] {
				return report.WriteAnomalyKind(e.out, section.Name, kind)
			}
		}
	}
	return usageError("there is no anomaly %q: %s", args[0], report.SuggestAnomaly(args[0]))
}
