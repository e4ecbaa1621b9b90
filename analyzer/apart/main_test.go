package apart_test

import (
	"os"
	"runtime/debug"
	"testing"

	"tcptrace/analyzer/apart"
)

// TestMain has less looked for garbage: there are thousands of small analyses here, and that would take half of their time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// alone says that nothing is known of other files.
var alone = apart.Others{End: apart.Never}
