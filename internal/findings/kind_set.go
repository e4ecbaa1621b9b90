package findings

import (
	"slices"

	"tcptrace/internal/bitset"
)

// coverers are, by kind, the kinds that cover it.
var coverers = func() []bitset.Set {
	if len(kinds) > bitset.Most {
		panic("there are more kinds than a set has room for")
	}
	list := make([]bitset.Set, len(kinds))
	for i := range kinds {
		for j := range kinds[:i] {
			if kinds[j].whole || slices.Contains(kinds[j].covers, kinds[i].id) {
				list[i].Add(j)
			}
		}
	}
	return list
}()

// kindsThat are the kinds of which is is true.
func kindsThat(is func(*kind) bool) (set bitset.Set) {
	for i := range kinds {
		if is(&kinds[i]) {
			set.Add(i)
		}
	}
	return set
}

// mildKinds are the mild ones.
var mildKinds = kindsThat(func(k *kind) bool { return k.mild })

// placeOf is where the kind with an id is.
func placeOf(id string) int {
	return slices.IndexFunc(kinds, func(k kind) bool { return k.id == id })
}

// Kinds that are made of several conversations, by their places.
var (
	scanning   = placeOf(scan)
	outing     = placeOf(outage)
	lengthened = placeOf(longerPath.id)
)
