/** A certificate that nobody has the key of, CN=alice, valid until 2126: drivers parse what they get. */
export const certificate: string = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBdzCCAR2gAwIBAgIUL1EpCXSFbyqU2t0NDgvpgvuwvpIwCgYIKoZIzj0EAwIw",
  "EDEOMAwGA1UEAwwFYWxpY2UwIBcNMjYxMTIxMjAyNTA4WhgPMjEyNjEwMjgyMDI1",
  "MDhaMBAxDjAMBgNVBAMMBWFsaWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
  "my/nJcRBOYlUx5wFNy7atz9iuFwHJcEAfoI28U1eJZee00a1IanblNJ+8IZ+mWUo",
  "ZwnQRAk+8L/XbRUZiuhfl6NTMFEwHQYDVR0OBBYEFKoiZFBx2+MUz+THG9yn84aZ",
  "asgkMB8GA1UdIwQYMBaAFKoiZFBx2+MUz+THG9yn84aZasgkMA8GA1UdEwEB/wQF",
  "MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgSzL/fI7RkDHHNNyciO7hpaO0be6kH6r4",
  "54yJG94b3qgCIQCtUci5BYPF6mxwz//YPYBaa5NZeogyd6MQ3nBdqS8Y6Q==",
  "-----END CERTIFICATE-----",
  "",
].join("\n");
