using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class Ed25519Tests
{
    // RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc).
    private static readonly string[][] Vectors =
    [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
        [
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
        ],
    ];

    public static TheoryData<string, int> LibrariesAndVectors => new(
        from library in (string[])["libsodium", "OpenSSL"] from vector in Enumerable.Range(0, 4) select (library, vector));

    [Theory]
    [MemberData(nameof(LibrariesAndVectors))]
    public void A_library_agrees_with_the_RFC(string name, int vector)
    {
        var library = Load(name);
        var (seed, publicKey, data, signature) = Decode(Vectors[vector]);

        var derived = new byte[Ed25519.PublicKeySize];
        library.DerivePublicKey(seed, derived);
        var signed = new byte[Ed25519.SignatureSize];
        library.Sign(seed, data, signed);

        Assert.Equal(publicKey, derived);
        Assert.Equal(signature, signed);
        Assert.True(library.Verify(publicKey, data, signature));
    }

    [Theory]
    [MemberData(nameof(LibrariesAndVectors))]
    public void Every_changed_byte_breaks_a_signature(string name, int vector)
    {
        var library = Load(name);
        var (_, publicKey, data, signature) = Decode(Vectors[vector]);

        for (var i = 0; i < signature.Length; i++)
        {
            signature[i] ^= 1;
            Assert.False(library.Verify(publicKey, data, signature));
            signature[i] ^= 1;
        }

        Assert.False(library.Verify(publicKey, [.. data, 0], signature));
        Assert.False(library.Verify(Enumerable.Repeat((byte)0xff, 32).ToArray(), data, signature));
    }

    [Theory]
    [InlineData("libsodium")]
    [InlineData("OpenSSL")]
    public void Spans_of_a_wrong_size_never_reach_the_library(string name)
    {
        var library = Load(name);

        Assert.Throws<ArgumentOutOfRangeException>(() => library.Sign(new byte[31], [], new byte[64]));
        Assert.Throws<ArgumentOutOfRangeException>(() => library.Sign(new byte[32], [], new byte[63]));
        Assert.Throws<ArgumentOutOfRangeException>(() => library.DerivePublicKey(new byte[32], new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => library.Verify(new byte[32], [], new byte[65]));
    }

    private static Ed25519 Load(string name)
    {
        Ed25519? library = name == "libsodium" ? SodiumEd25519.TryLoad() : OpenSslEd25519.TryLoad();
        Assert.SkipWhen(library is null, $"{name} is not on this machine.");
        return library;
    }

    private static (byte[] Seed, byte[] PublicKey, byte[] Data, byte[] Signature) Decode(string[] vector) => (
        Convert.FromHexString(vector[0]),
        Convert.FromHexString(vector[1]),
        Convert.FromHexString(vector[2]),
        Convert.FromHexString(vector[3]));
}
