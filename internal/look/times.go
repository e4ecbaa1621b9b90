package look

import (
	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/report"
)

// Times adds the flag --time. delta is what its seconds are counted from.
func Times(cmd *cobra.Command, to *string, delta string) {
	cmd.Flags().StringVar(to, "time", report.TimesNames[0].Name, "`style` of times in text: utc, local (TZ), relative (to the first packet), delta (to "+delta+"), epoch")
	complete.Flag(cmd, "time", report.TimesNames.Names()...)
}
