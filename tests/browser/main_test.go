package browser

import (
	"os"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
)

func TestMain(m *testing.M) { os.Exit(tab.Main(m)) }
