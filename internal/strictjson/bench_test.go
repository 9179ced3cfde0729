package strictjson_test

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

func BenchmarkRead(b *testing.B) {
	for name, text := range map[string]string{
		"claims":                      `{"iss":"https://sp.auth.example.com","sub":"897029da-2b35-429e-ad45-6f6bf5de7a95","iat":1764000000,"nbf":1764000000,"exp":1764021600,"scope":"api:client:v2"}`,
		"as many members as fit 16 K": members(1500),
	} {
		b.Run(name, func(b *testing.B) {
			data := []byte(text)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := strictjson.Read(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
