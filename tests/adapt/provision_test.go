package adapt

import (
	"regexp"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/stretchr/testify/require"
)

// anyID finds the example in an error about an id, which is another every time.
var anyID = regexp.MustCompile(`such as [0-9a-f-]{36}`)

// The text is fine, and what it names is not, such as a file or a variable of the
// environment: this is what `caddy validate` and a reload say.
func TestEveryConfigurationThatCannotBeSaysWhichFieldAndWhatItWants(t *testing.T) {
	world(t)
	for _, f := range fixtures(t, "provision") {
		t.Run(f.name, func(t *testing.T) {
			err := validate(t, f.config)
			require.Error(t, err)
			f.check(t, anyID.ReplaceAllString(err.Error(), "such as <a new UUID>"))
		})
	}
}

// What is adapted in the fixtures could be run as well.
func TestEveryGoodFixtureIsValid(t *testing.T) {
	world(t)
	for _, f := range fixtures(t, "adapt") {
		t.Run(f.name, func(t *testing.T) {
			require.NoError(t, validate(t, f.config))
		})
	}
}

// validate provisions the Caddyfile as `caddy validate` does.
func validate(t *testing.T, config string) error {
	t.Helper()
	text, err := adapt(t, config)
	require.NoError(t, err)
	var parsed caddy.Config
	require.NoError(t, caddy.StrictUnmarshalJSON([]byte(text), &parsed))
	return caddy.Validate(&parsed)
}
