package main

import (
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcptrace/analyzer"
	"tcptrace/internal/live/capture"
	"tcptrace/report"
)

// valuesOf is the annotation of a flag that has the values shells complete.
const valuesOf = "tcptrace_values"

// foundOut are the flags whose values are found out when they are asked for.
var foundOut = map[string]cobra.CompletionFunc{"interface": interfaceNames, "budget": budgets}

// completeFlag lets shells complete the values of a flag.
func completeFlag(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.Flags().SetAnnotation(flag, valuesOf, values); err != nil {
		panic(err) // the command has no such flag
	}
}

// registerCompletions tells cobra of the values of all flags. It keeps them for good, and all that they hold, so it is told only to complete.
func registerCompletions(root *cobra.Command) {
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

// choiceFlag adds a flag that takes one of choices, the first if it is not given, and completes it. The help lists
// them, and then says more.
func choiceFlag[T any](cmd *cobra.Command, to *string, flag string, choices report.Choices[T], more string) {
	cmd.Flags().StringVar(to, flag, choices[0].Name, strings.Join(choices.Names(), ", ")+more)
	completeFlag(cmd, flag, choices.Names()...)
}

// choose is what the value of a flag stands for; an unknown one is an error that lists the choices.
func choose[T any](flag, value string, choices report.Choices[T]) (T, error) {
	chosen, ok := choices.Find(value)
	if !ok {
		return chosen, usageError("unknown --%s %q: want one of %s", flag, value, strings.Join(choices.Names(), ", "))
	}
	return chosen, nil
}

// only completes the first argument of a command as one of values.
func only(values func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return values(), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDirectory completes the first argument of a command as a directory.
func completeDirectory(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// anomalyIDs are all anomalies, each with what it is.
var anomalyIDs = sync.OnceValue(func() (ids []string) {
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			ids = append(ids, cobra.CompletionWithDesc(kind.ID, kind.Summary))
		}
	}
	return ids
})

// severitiesOrIDs are what --fail-on, --keep-on and --deny take.
func severitiesOrIDs() []string {
	severities := []string{analyzer.SeverityNote.String(), analyzer.SeverityWarning.String(), analyzer.SeverityError.String()}
	return append(severities, anomalyIDs()...)
}

// outcomeConditions are the expressions of --where and --until that people begin with: one for each outcome.
func outcomeConditions() (list []string) {
	for o := range analyzer.NumOutcomes {
		list = append(list, `outcome == "`+o.String()+`"`)
	}
	return list
}

// budgets completes --budget up to the number.
func budgets(*cobra.Command, []string, string) (list []string, _ cobra.ShellCompDirective) {
	for _, id := range anomalyIDs() {
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
