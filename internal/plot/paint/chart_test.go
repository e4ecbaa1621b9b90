package paint

import (
	"slices"
	"testing"
)

// TestSpecks: a level piece of a line that is too short to be seen is a dot.
func TestSpecks(t *testing.T) {
	got := specks([][]Point{
		{{10, 5}, {13.9, 5}},         // too short
		{{20, 5}, {24, 5}},           // just long enough
		{{30, 5}, {31, 5}, {31, 50}}, // seen by its height
		{{40, 7}},                    // a point
	})
	if want := []Point{{11.95, 5}, {40, 7}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
