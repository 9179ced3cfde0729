package jws_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// The examples of RFC 7515 appendix A whose payload is a JWT's.
const (
	joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

	appendixA1 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + joe + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	appendixA2 = "eyJhbGciOiJSUzI1NiJ9." + joe + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	appendixA3 = "eyJhbGciOiJFUzI1NiJ9." + joe + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	appendixA5 = "eyJhbGciOiJub25lIn0." + joe + "."

	keyOfA1 = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	keyOfA2 = `{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`
	keyOfA3 = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
)

func TestTheJWTsOfRFC7515AreAccepted(t *testing.T) {
	secret, err := base64.RawURLEncoding.DecodeString(keyOfA1)
	require.NoError(t, err)
	hmac, err := jws.NewKey("", jws.HS256, secret)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		raw string
		key *jws.Key
	}{
		"A.1": {appendixA1, hmac},
		"A.2": {appendixA2, jwk(t, keyOfA2, jws.RS256)},
		"A.3": {appendixA3, jwk(t, keyOfA3, jws.ES256)},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := jws.Read(c.raw)
			require.NoError(t, err)
			require.NoError(t, m.Verify(c.key))
			issuer, _, err := m.Claims.String("iss")
			require.NoError(t, err)
			assert.Equal(t, "joe", issuer)
			v, err := m.Validity()
			require.NoError(t, err)
			assert.EqualValues(t, 1300819380, v.ExpiresAt.Unix())
			assert.True(t, m.Claims.Has("http://example.com/is_root"))
		})
	}
}

func TestTheUnsecuredJWTOfRFC7515IsNot(t *testing.T) {
	_, err := jws.Read(appendixA5)
	require.ErrorIs(t, err, jws.ErrMalformed)
}

// Their payloads are no JWT's, so that nothing but that may be wrong with them.
func TestTheOtherExamplesOfTheRFCsAreWellSigned(t *testing.T) {
	for name, c := range map[string]struct {
		alg jws.Algorithm
		raw string
		key string
	}{
		"RFC 7515 A.4": {
			jws.ES512,
			"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
			`{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}`,
		},
		"RFC 8037 A.4": {
			jws.EdDSA,
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jws.Read(c.raw)
			require.EqualError(t, err, "not an acceptable JWS: the claims are not one strict JSON object")
			require.NoError(t, jws.VerifyOpaque(c.raw, jwk(t, c.key, c.alg)))
			header, rest, _ := strings.Cut(c.raw, ".")
			require.ErrorIs(t, jws.VerifyOpaque(header+".Z"+rest[1:], jwk(t, c.key, c.alg)), jws.ErrSignature)
		})
	}
}

func jwk(t *testing.T, text string, alg jws.Algorithm) *jws.Key {
	t.Helper()
	read, err := jws.ParseKeys([]byte(`{"keys":[`+text+`]}`), alg)
	require.NoError(t, err)
	require.Len(t, read, 1)
	return read[0]
}
