//go:build !cgo

package source

import (
	"strings"
	"testing"
)

func TestFilterSaysWhatIsMissing(t *testing.T) {
	if _, err := NewFilter("tcp"); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
		t.Errorf("got %v", err)
	}
}
