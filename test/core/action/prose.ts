import * as fc from 'fast-check'

/**
 * Sentences as people and models write them about operations, by language: with typographic quotes and spaces, names in
 * Latin letters, numbers with units, emoji, joiners. Each is split at `|`, so that halves can be combined anew.
 */
const sentences: Readonly<Record<string, readonly string[]>> = {
  English: [
    'Rotate the “web-1” certificate before Friday —|the old one expires at 09:30 UTC.',
    'Don’t drop the index yet:|latency p99 is 250 µs, Δt ≈ 3 ms.',
    'Résumé of the naïve approach:|café orders doubled (≥ 2×) 🚀',
    'Step 1️⃣ drain the node,|2️⃣ restart it, 3️⃣ check /healthz ✅',
    'Copy s3://finance-exports/2026-11/|to the new bucket; α = 0.05, 10 kΩ, 1⁄2 full.',
  ],
  German: [
    'Bitte „Größe ändern“ ausführen,|z. B. für die Prüfung am 3. März.',
    'Der Dienst läuft über 80 % Auslastung;|Straße, Fuß, Übergröße – alles geprüft.',
    'Änderung an der Datenbank „Kunden“:|5 °C Kühlung, 20 m² Fläche, § 3 Abs. 2.',
    'Neustart des Web-Servers web-1|wegen Ticket OPS-417 👩‍💻',
    'Die Müllabfuhr-API antwortet nicht,|siehe https://status.example.com/störung',
  ],
  French: [
    'Votre commande est prête : 1 250,00 €|(livraison « express » demain).',
    'Voulez-vous redémarrer le serveur ?|Oui ! L’œuvre est terminée.',
    'À faire : vérifier l’accès aux données,|puis prévenir l’équipe SRE ; merci.',
    'Le nœud n° 3 a dépassé 95 % de mémoire,|ça coûte cher…',
    'Mise à jour du schéma « clients » —|voir le ticket FIN-881.',
  ],
  Spanish: [
    '¿Reiniciar el servicio «pagos»?|¡Sí, cuanto antes!',
    'La exportación del 1.º trimestre está lista:|120 000 filas, 3 GB.',
    'Migración de la base de datos en España;|el señor Muñoz lo aprobó.',
    'Borrar la caché del nodo n.º 7|y avisar al equipo 😀',
    'Año nuevo: rotación de certificados|según el plan “Ñandú”.',
  ],
  Russian: [
    'Перезапустить сервис «оплата»|после обновления SQL-сервера.',
    'А о чём речь? О сбое в prod,|там 5 % ошибок и задержка 300 мс.',
    'Добавить индекс в таблицу customers —|ёмкость диска № 3 почти исчерпана.',
    'Скопировать отчёт в папку C:\\Отчёты\\март|до 18:00 по Москве.',
    'Откатить релиз v2.4.1 на web-1:|рост ошибок, см. тикет OPS-417 🔥',
  ],
  Greek: [
    'Επανεκκίνηση του διακομιστή web-1|λόγω σφάλματος στη βάση.',
    'Η αναφορά για το τρίμηνο είναι έτοιμη·|στάλθηκε στο τμήμα οικονομικών.',
    'Να διαγραφεί η κρυφή μνήμη;|Ναι, πριν από τις 18:00.',
    'Το API απαντά σε 250 ms,|ο χρόνος Δt αυξήθηκε.',
    'Ενημέρωση του πιστοποιητικού «prod»|μέχρι την Παρασκευή 👍🏽',
  ],
  Persian: [
    'می‌خواهم سرور را راه‌اندازی کنم،|نرم‌افزار‌ها به‌روز شده‌اند.',
    'داده‌های مشتری‌ها را صادر کنید؛|فایل PDF‌ها آماده است.',
    'آیا این درخواست تأیید می‌شود؟|بله، خانه‌ها و کتاب‌ها.',
    'نسخهٔ جدید پایگاه داده|در ساعت ۱۸:۳۰ نصب می‌شود.',
    'خطای API در سرویس پرداخت|٪۵ بیشتر شده است.',
  ],
  Arabic: [
    'أعد تشغيل الخادم web-1|بعد تحديث قاعدة البيانات.',
    'هل تريد حذف الذاكرة المؤقتة؟|نعم، قبل الساعة ١٨:٠٠.',
    'تصدير بيانات العملاء للربع الأول،|حجم الملف ٣ غيغابايت.',
    'خدمة الـAPI لا تستجيب،|راجع التذكرة OPS-417.',
    'مُحَمَّدٌ وافق على الطلب:|شكرًا جزيلًا 🙏',
  ],
  Hindi: [
    'सर्वर को पुनः आरंभ करें,|क्‍योंकि प्रमाणपत्र समाप्त हो रहा है।',
    'लड़का सड़क पर पढ़ता है,|डेटाबेस का बैकअप लें।',
    'क्या आप अनुरोध स्वीकृत करते हैं?|हाँ, ५ मिनट में।',
    'ग्राहकों की रिपोर्ट तैयार है:|API का समय 250 ms है।',
    'श्‍री शर्मा ने विद्‌या का फ़ाइल भेजा|ज़रूर देखें 🙏🏽',
  ],
  Chinese: [
    '请在今晚重启“支付”服务，|因为证书将于23:59到期。',
    '导出客户数据：共１２０，０００行；|文件大小约3GB。',
    '数据库迁移（第①步）已完成，|API延迟降到250ms。',
    '是否删除缓存？|是的，请先备份《配置》。',
    '回滚v2.4.1版本，|详见工单OPS-417 🚀',
  ],
  Japanese: [
    '本番サーバーＷＥＢ－１を再起動します。|　証明書の期限が切れるためです。',
    'Tシャツを10枚、ノートを3冊|「至急」で発注してください。',
    'データベースのバックアップ〇、|テスト×、AIモデルv2を配備。',
    '顧客データ（約１２万件）を出力→|S3へコピー…',
    'キャッシュを削除しますか？|はい、18：00までに①②の順で。',
  ],
  Korean: [
    '결제 서비스를 재시작합니다:|인증서가 곧 만료됩니다.',
    '고객 데이터를 S3로 내보내기|(약 3GB, 12만 건).',
    '캐시를 삭제할까요?|네, API가 응답하지 않아요.',
    '漢字 이름도 있는 “보고서”를|OPS-417에 첨부했습니다 😀',
    'v2.4.1 롤백 후|지연 시간이 250ms로 줄었습니다.',
  ],
}

export const languages = Object.keys(sentences)

/** What stands around a sentence in params: line ends, tabs, lists, code. */
const frames = fc.constantFrom(
  (a: string, b: string) => `${a} ${b}`,
  (a: string, b: string) => `${a}\r\n${b}\r\n`,
  (a: string, b: string) => `- ${a}\n\t- ${b}\n`,
  (a: string, b: string) => `# ${a}\nif [ -f x ]; then\n\techo "${b}"\nfi`,
  (a: string, b: string) => `${a}\t${b}`,
  (a: string, b: string) => `⚠️ ${a}\n\n${b}`,
)

/** This many ordinary texts, as many in each language; the same in every run. */
export function prose(count: number): readonly string[] {
  const one = (language: string) => {
    const halves = (sentences[language] ?? []).map((sentence) => sentence.split('|'))
    const half = (side: 0 | 1) => fc.constantFrom(...halves.map((both) => both[side] ?? ''))
    return fc
      .record({ frame: frames, first: half(0), second: half(1), third: half(1), number: fc.nat({ max: 9_999 }) })
      .map(({ frame, first, second, third, number }) => frame(`${first} ${second}`, `${third} (${number})`))
  }
  const each = Math.ceil(count / languages.length)
  return languages.flatMap((language, i) => fc.sample(one(language), { numRuns: each, seed: 417 + i })).slice(0, count)
}
