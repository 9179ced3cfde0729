package profiles

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A change of a route must be seen by whoever reviews it.
func TestTheDescriptionsAreTheReviewedOnes(t *testing.T) {
	for _, name := range names {
		got, err := json.MarshalIndent(load(t, name).API(), "", "  ")
		require.NoError(t, err)
		got = append(got, '\n')

		file := filepath.Join("testdata", name+".json")
		if *update {
			require.NoError(t, os.WriteFile(file, got, 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: run go test ./tests/profiles -update and review the difference", name)
	}
}
