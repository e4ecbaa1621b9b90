package anomaly

// Section is a part of the catalogue of anomalies.
type Section struct {
	Name  string
	Kinds []*AnomalyKind
}

var catalogue = [...]Section{
	{"the capture itself", captureKinds},
	{"opening", openingKinds},
	{"while open", openKinds},
	{"closing", closingKinds},
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
