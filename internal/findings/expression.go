package findings

import "tcptrace/report"

func init() {
	named := map[string]string{}
	for _, d := range Descriptions() {
		if d.Where != "" {
			named[d.ID] = d.Where
		}
	}
	report.DefineFindings(named)
}

// typed is the longest condition that a finding writes out. What is longer nobody types, nor reads.
const typed = 50

// expr is the expression that is true of all conversations that the kind affects, be it told of them or another in its place.
func (k *kind) expr() string {
	if len(k.when.expr) <= typed {
		return k.when.expr
	}
	return `finding("` + k.id + `")`
}
