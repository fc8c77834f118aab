// SPDX-License-Identifier: Apache-2.0
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Date;

import org.bouncycastle.asn1.tsp.ArchiveTimeStampChain;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.SignerInformationVerifier;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

/**
 * Judges one evidence record with BouncyCastle alone: EvidenceRecordCheck RECORD.ers FILE TSA-CHAIN.pem
 *
 * Accepts (exit 0, "accepted") only if the record's time-stamp is signed by the leaf of the chain, the leaf's path up to the last
 * certificate holds at the token's time, and the record is present for exactly this file. validate() alone looks at no hash tree and at no
 * certificate path, hence the three steps. Refusal is exit 1, "refused: <why>"; anything else is exit 2.
 */
public final class EvidenceRecordCheck {
    private EvidenceRecordCheck() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("usage: EvidenceRecordCheck RECORD.ers FILE TSA-CHAIN.pem");
            System.exit(2);
        }
        byte[] record = Files.readAllBytes(Path.of(args[0]));
        byte[] data = Files.readAllBytes(Path.of(args[1]));
        X509Certificate[] chain = readChain(Path.of(args[2]));
        try {
            Date at = check(record, data, chain);
            System.out.println("accepted " + at.toInstant());
        } catch (Exception e) {
            System.out.println("refused: " + e);
            System.exit(1);
        }
    }

    private static Date check(byte[] bytes, byte[] data, X509Certificate[] chain) throws Exception {
        BouncyCastleProvider provider = new BouncyCastleProvider();
        DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().setProvider(provider).build();
        ERSEvidenceRecord record = new ERSEvidenceRecord(bytes, digests);

        X509CertificateHolder signer = record.getSigningCertificate();
        X509Certificate leaf = chain[0];
        if (signer != null && !java.util.Arrays.equals(signer.getEncoded(), leaf.getEncoded())) {
            throw new SecurityException("the token carries another signer's certificate");
        }
        SignerInformationVerifier verifier = new JcaSimpleSignerInfoVerifierBuilder().setProvider(provider).build(leaf);
        record.validate(verifier);

        // The single data object, never a group: a record of one file is not found as a group.
        Date time = timeOf(record);
        record.validatePresent(new ERSByteData(data), new Date());

        for (int i = 0; i < chain.length; ++i) {
            chain[i].checkValidity(time);
            chain[i].verify(chain[Math.min(i + 1, chain.length - 1)].getPublicKey(), provider);
        }
        return time;
    }

    /** The time of the one token of an initial record; renewed records are another program's business and refused. */
    private static Date timeOf(ERSEvidenceRecord record) throws Exception {
        ArchiveTimeStampChain[] chains = record.toASN1Structure().getArchiveTimeStampSequence().getArchiveTimeStampChains();
        if (chains.length != 1 || chains[0].getArchiveTimestamps().length != 1) {
            throw new IllegalArgumentException("not an initial evidence record");
        }
        return new TimeStampToken(chains[0].getArchiveTimestamps()[0].getTimeStamp()).getTimeStampInfo().getGenTime();
    }

    private static X509Certificate[] readChain(Path pem) throws Exception {
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(pem))) {
            Collection<? extends java.security.cert.Certificate> all = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (all.isEmpty()) {
                throw new IllegalArgumentException("no certificate in the chain file");
            }
            return all.toArray(new X509Certificate[0]);
        }
    }
}
