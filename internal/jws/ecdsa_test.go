package jws

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASequenceIsTheOneOfTheStandardLibrary(t *testing.T) {
	edges := [][]byte{{0}, {1}, {0x7f}, {0x80}, {0xff}, {0, 0}, {0, 0x80}, {1, 0}, {0x80, 0}}
	for _, size := range []int{32, 48, 66} {
		for range 200 {
			b := make([]byte, size)
			_, _ = rand.Read(b)
			edges = append(edges, b)
		}
	}
	for i, r := range edges {
		s := edges[len(edges)-1-i]
		want, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)})
		require.NoError(t, err)
		require.Equal(t, want, sequence(r, s))
	}
}

func TestECDSAAgreesWithTheLibrary(t *testing.T) {
	for alg, theirs := range map[Algorithm]*jwt.SigningMethodECDSA{
		ES256: jwt.SigningMethodES256, ES384: jwt.SigningMethodES384, ES512: jwt.SigningMethodES512,
	} {
		key, err := ecdsa.GenerateKey(curves[alg], rand.Reader)
		require.NoError(t, err)
		good, err := theirs.Sign("text", key)
		require.NoError(t, err)
		n := len(good) / 2
		order := curves[alg].Params().N.FillBytes(make([]byte, n))
		zero := make([]byte, n)
		join := func(r, s []byte) []byte { return append(append([]byte(nil), r...), s...) }
		for name, signature := range map[string][]byte{
			"good": good, "short": good[1:], "long": join(good, []byte{0}), "empty": nil,
			"r is zero": join(zero, good[n:]), "s is zero": join(good[:n], zero), "both are zero": join(zero, zero),
			"r is the order": join(order, good[n:]), "s is the order": join(good[:n], order), "swapped": join(good[n:], good[:n]),
		} {
			ours := methods[alg].Verify("text", signature, &key.PublicKey)
			assert.Equal(t, theirs.Verify("text", signature, &key.PublicKey) == nil, ours == nil, "%s: %s", alg, name)
		}
		assert.Error(t, methods[alg].Verify("text", good, "no key"))
	}
}
