// Package complete lets shells complete what a command line takes: values of flags, anomalies, interfaces.
//
// Not its job: to say whether a value is right.
package complete

import (
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcptrace/analyzer"
	"tcptrace/internal/live/capture"
)

// valuesOf is the annotation of a flag that has the values shells complete.
const valuesOf = "tcptrace_values"

// foundOut are the flags whose values are found out when they are asked for.
var foundOut = map[string]cobra.CompletionFunc{"interface": interfaceNames, "budget": budgets}

// Flag lets shells complete the values of a flag.
func Flag(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.Flags().SetAnnotation(flag, valuesOf, values); err != nil {
		panic(err) // the command has no such flag
	}
}

// Register tells cobra of the values of all flags. It keeps them for good, and all that they hold, so it is told Only to complete.
func Register(root *cobra.Command) {
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			complete := foundOut[f.Name]
			if values, listed := f.Annotations[valuesOf]; listed {
				complete = cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
			}
			if complete == nil {
				return
			}
			if err := cmd.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
				panic(err) // they were registered before
			}
		})
	}
}

// Only completes the first argument of a command as one of values.
func Only(values func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return values(), cobra.ShellCompDirectiveNoFileComp
	}
}

// Directory completes the first argument of a command as a directory.
func Directory(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// AnomalyIDs are all anomalies, each with what it is.
var AnomalyIDs = sync.OnceValue(func() (ids []string) {
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			ids = append(ids, cobra.CompletionWithDesc(kind.ID, kind.Summary))
		}
	}
	return ids
})

// SeveritiesOrIDs are what --fail-on, --keep-on and --deny take.
func SeveritiesOrIDs() []string {
	severities := []string{analyzer.SeverityNote.String(), analyzer.SeverityWarning.String(), analyzer.SeverityError.String()}
	return append(severities, AnomalyIDs()...)
}

// OutcomeConditions are the expressions of --where and --until that people begin with: one for each outcome.
func OutcomeConditions() (list []string) {
	for o := range analyzer.NumOutcomes {
		list = append(list, `outcome == "`+o.String()+`"`)
	}
	return list
}

// budgets completes --budget up to the number.
func budgets(*cobra.Command, []string, string) (list []string, _ cobra.ShellCompDirective) {
	for _, id := range AnomalyIDs() {
		list = append(list, strings.Replace(id, "\t", "=\t", 1))
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// interfaceNames are the interfaces that there are, as --interface takes them.
func interfaceNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	devices, err := capture.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := make([]string, len(devices))
	for i, d := range devices {
		names[i] = d.Name
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}
