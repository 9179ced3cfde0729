package application

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestANewCustomSchemeHasThePublishedFormAndIsAURIScheme(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		scheme, err := NewCustomScheme(rand.Reader)
		require.NoError(t, err)
		require.Regexp(t, `^adbe\.[A-Za-z0-9_-]{22}$`, scheme)
		require.Regexp(t, `^[a-z][a-z0-9+.-]*$`, scheme, "RFC 3986 section 3.1, in its canonical case")
		require.False(t, seen[scheme])
		seen[scheme] = true
		a := good()
		a.CustomSchemes = []string{scheme}
		require.NoError(t, Validate(a, nil))
		require.True(t, a.CoversRedirect(scheme+"://done"))
	}
}

func TestACustomSchemeUsesAllOfItsRandomBits(t *testing.T) {
	low, err := NewCustomScheme(bytes.NewReader(make([]byte, 14)))
	require.NoError(t, err)
	high, err := NewCustomScheme(bytes.NewReader(bytes.Repeat([]byte{0xff}, 14)))
	require.NoError(t, err)
	for i := len(customSchemePrefix); i < len(low); i++ {
		assert.NotEqual(t, low[i], high[i])
	}
}

func TestACustomSchemeIsNotMadeWithoutRandomness(t *testing.T) {
	_, err := NewCustomScheme(bytes.NewReader(make([]byte, 3)))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
