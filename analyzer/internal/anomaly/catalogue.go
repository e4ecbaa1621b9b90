package anomaly

import (
	"cmp"
	"slices"
)

// part is a part of a conversation, or of the catalogue.
type part uint8

const (
	inCapture part = iota
	inOpening
	inOpen
	inClosing
	numParts
)

var partNames = [numParts]string{
	inCapture: "the capture itself",
	inOpening: "opening",
	inOpen:    "while open",
	inClosing: "closing",
}

// Section is a part of the catalogue of anomalies.
type Section struct {
	Name  string
	Kinds []*AnomalyKind
}

var (
	registered [numParts][]*AnomalyKind // as the files of this package name them
	catalogue  [numParts]Section        // in order
)

// register adds a kind to the catalogue: each file named for a kind does it once. The kind comes behind the one with
// the id after, in lists and in the search; the first of a part comes after none.
func register(in part, after string, k *AnomalyKind) bool {
	k.after = after
	registered[in] = append(registered[in], k)
	return true
}

// init puts the kinds in order and makes their twins.
func init() {
	for in, kinds := range registered {
		slices.SortFunc(kinds, func(a, b *AnomalyKind) int { return cmp.Compare(a.ID, b.ID) })
		catalogue[in] = Section{partNames[in], follow(nil, kinds, "")}
	}
	for _, section := range catalogue {
		for _, k := range section.Kinds {
			if k.Varies {
				twin := *k
				twin.Severity = SeverityNote
				twin.twin, k.twin = k, &twin
			}
		}
	}
}

// follow appends to list the kinds that come after the one with that id, each followed by what comes after it.
func follow(list, kinds []*AnomalyKind, after string) []*AnomalyKind {
	for _, k := range kinds {
		if k.after == after {
			list = follow(append(list, k), kinds, k.ID)
		}
	}
	return list
}

// Catalogue is every kind of anomaly that there is. It is not to be changed.
func Catalogue() []Section { return catalogue[:] }

// FindAnomalyKind is the kind with that id, nil if there is none.
func FindAnomalyKind(id string) *AnomalyKind {
	for _, s := range catalogue {
		for _, k := range s.Kinds {
			if k.ID == id {
				return k
			}
		}
	}
	return nil
}
