package restv1

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheChannelOfAConfigurationIsFoundBehindItsFormat(t *testing.T) {
	for path, want := range map[string][]string{
		"/api/v1/config/REF30":      {"REF30"},
		"/api/v1/config/REF30.json": {"REF30"},
		"/api/v1/config/REF30.xml":  {"REF30"},
		"/api/v1/config/a/b":        nil,
		"/api/v1/authenticate":      nil,
	} {
		assert.Equal(t, want, new(Profile).Channels(nil, path), path)
	}
}
