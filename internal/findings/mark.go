package findings

import (
	"hash/maphash"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/baseline"
	"tcptrace/internal/bitset"
)

// Mark says which findings a conversation will belong to, when they are made. It is only of use with findings of the same collector.
type Mark struct {
	kinds  bitset.Set
	values []uint64        // of its factors; nil: no kind affects it
	stalls []analyzer.Time // when it showed that it stalled
	showed []analyzer.Time // when each of kinds first showed, in their order; 0: at no moment
	trip   *baseline.Trip  // nil: it was not longer than others on its path
}

// Mark is the mark of the conversation that was taken last, which must be as it was then, as must j, its judgment.
func (k *Collector) Mark(j *analyzer.Judgment) Mark {
	m := k.mark
	if trip := k.trip(k.newest); k.paths.Long(&trip) {
		m.trip = &trip
	}
	if !m.kinds.Empty() {
		for kind := range m.kinds.Each() {
			m.showed = append(m.showed, showed(kind, j))
		}
		m.values = make([]uint64, len(factors))
		for f := range factors {
			of := factors[f].key(k.newest)
			m.values[f] = valueOf(f, &of)
		}
	}
	return m
}

// Affected reports whether any finding may be about the conversation.
func (m *Mark) Affected() bool { return !m.kinds.Empty() || m.trip != nil }

var valueSeed = maphash.MakeSeed()

// valueOf stands for a value of a factor. It is never 0.
func valueOf(factor int, value *key) uint64 {
	return maphash.Comparable(valueSeed, struct {
		factor int
		key
	}{factor, *value}) | 1
}

// selector selects the conversations of a finding by their marks, as its Where does by their records.
type selector struct {
	kind int
	only uint64   // a value that all of them have; 0: they need not have any in common
	not  []uint64 // values that none of them has
	path *baseline.Change

	during, outside *stretch // in which all of them stalled, or none; nil: any time
}

// Has reports whether the finding is about the conversation with that mark.
func (f *Finding) Has(m *Mark) bool { return f.selects(m) >= 0 }

// selects is the kind by which the finding is about the conversation with that mark, -1 if it is not.
func (f *Finding) selects(m *Mark) int {
	for i := range f.of {
		if s := &f.of[i]; s.has(m) {
			return s.kind
		}
	}
	return -1
}

func (s *selector) has(m *Mark) bool {
	if s.path != nil {
		return m.trip != nil && s.path.Has(m.trip)
	}
	if s.during != nil && !s.during.has(m.stalls) || s.outside != nil && s.outside.has(m.stalls) {
		return false
	}
	return m.kinds.Has(s.kind) && (s.only == 0 || slices.Contains(m.values, s.only)) &&
		!slices.ContainsFunc(s.not, func(v uint64) bool { return slices.Contains(m.values, v) })
}

// When is when what the finding says of the conversation with that mark first showed: at the first anomaly that tells of it. It is false of what
// shows at no moment, such as a transfer that was slow.
func (f *Finding) When(m *Mark) (at analyzer.Time, known bool) {
	kind := f.selects(m)
	if kind < 0 || !m.kinds.Has(kind) {
		return 0, false
	}
	at = m.showed[m.kinds.Below(kind)]
	return at, at != 0
}

// Anomalies are the kinds of anomalies that tell of the finding. They are not to be changed.
func (f *Finding) Anomalies() (list []*analyzer.AnomalyKind) {
	for i := range f.of {
		list = append(list, tellers[f.of[i].kind]...)
	}
	return list
}

// showed is the time of the first of the anomalies that tell of a kind, 0 if there is none.
func showed(kind int, j *analyzer.Judgment) (first analyzer.Time) {
	for i := range j.Anomalies {
		if a := &j.Anomalies[i]; tells(kind, a) && (first == 0 || a.Time < first) {
			first = a.Time
		}
	}
	return first
}

// tells reports whether an anomaly tells of a kind. Its severity may be another than that of the catalogue.
func tells(kind int, a *analyzer.Anomaly) bool {
	return slices.ContainsFunc(tellers[kind], func(k *analyzer.AnomalyKind) bool { return k.ID == a.Kind.ID })
}

// tellers are, by kind, the anomalies that tell of it.
var tellers = func() [][]*analyzer.AnomalyKind {
	list := make([][]*analyzer.AnomalyKind, len(kinds))
	for i := range kinds {
		for _, section := range analyzer.Catalogue() {
			for _, k := range section.Kinds {
				if slices.Contains(kinds[i].when.tells, k.ID) || slices.Contains(kinds[i].speaks, k.ID) {
					list[i] = append(list[i], k)
				}
			}
		}
	}
	return list
}()
